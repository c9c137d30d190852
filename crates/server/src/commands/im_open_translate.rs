//! Translation.

pub mod ws_batch_trans_text;

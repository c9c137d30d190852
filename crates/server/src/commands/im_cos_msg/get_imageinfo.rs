//! Tells the size of an uploaded picture.
//!
//! Contract: `spec/client/commands/im_cos_msg.get_imageinfo.yaml`.

use chat::{Cx, error::Error};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::admit;
use crate::{command::command, files, gateway::Link, given::Given};

command!(link "im_cos_msg" / "get_imageinfo", "Tells the size of a picture.", SocketAnyone, Request => Response, handle);

/// Longest URL that is looked at.
const URL_BYTES_MAX: usize = 4096;
/// Thumbnail, large, original.
const TYPES: [i64; 3] = [1, 2, 3];

#[derive(Deserialize, JsonSchema)]
struct Request {
    str_image_url: Given<String>,
}

#[derive(Serialize, JsonSchema)]
struct Response {
    #[serde(rename = "rpt_msg_image_info")]
    pictures: Vec<Picture>,
}

#[derive(Serialize, JsonSchema)]
struct Picture {
    uint32_image_type: i64,
    str_url: String,
    uint32_width: i64,
    uint32_height: i64,
    #[serde(skip_serializing_if = "String::is_empty")]
    str_image_format: String,
}

async fn handle(cx: &Cx, link: &Link, it: Request) -> Result<Response, Error> {
    admit(cx, link).await?;
    let url = it.str_image_url.need(Code::MsgInvalid, "str_image_url")?;
    if url.len() > URL_BYTES_MAX {
        let info = format!("str_image_url is longer than {URL_BYTES_MAX} bytes");
        return Err(Fail::with(Code::MsgInvalid, info).into());
    }
    let found = files::of_url(cx, &url).await?;
    let (width, height, format) =
        found.map_or_else(|| (0, 0, String::new()), |it| (it.width, it.height, it.format));
    let picture = |uint32_image_type| Picture {
        uint32_image_type,
        str_url: url.clone(),
        uint32_width: width,
        uint32_height: height,
        str_image_format: format.clone(),
    };
    Ok(Response { pictures: TYPES.map(picture).into() })
}

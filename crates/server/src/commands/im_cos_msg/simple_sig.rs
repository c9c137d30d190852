//! Gives a client the URLs of up to ten files, in the newer form.
//!
//! Contract: `spec/client/commands/im_cos_msg.simple_sig.yaml`.

use chat::{Cx, error::Error, files};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{admit, urls, wanted};
use crate::{command::command, gateway::Link, given::Given};

command!(link "im_cos_msg" / "simple_sig", "Gives upload URLs.", SocketAnyone, Request => Response, handle);

const FILES_MAX: usize = 10;

#[derive(Deserialize, JsonSchema)]
struct Request {
    str_user_id: Given<String>,
    rpt_upload_object: Given<Vec<Object>>,
}

#[derive(Deserialize, JsonSchema)]
struct Object {
    uint32_file_id: Given<i64>,
    /// 1 image, 2 video, 3 audio, 255 file.
    uint32_file_type: Given<i64>,
    str_file_name: Given<String>,
}

#[derive(Serialize, JsonSchema)]
struct Response {
    str_final_ip: &'static str,
    #[serde(rename = "rpt_pre_sig")]
    signed: Vec<Signed>,
}

#[derive(Serialize, JsonSchema)]
struct Signed {
    uint32_file_id: i64,
    /// 1 would mean that the file is there already; contents are not compared.
    uint32_exist_flag: i64,
    str_upload_url: String,
    str_download_url: String,
    str_file_key: String,
    str_snapshot_url: &'static str,
    rpt_msg_image_info: Vec<()>,
}

async fn handle(cx: &Cx, link: &Link, it: Request) -> Result<Response, Error> {
    admit(cx, link).await?;
    let bad = Code::MsgInvalid;
    if it.str_user_id.need(bad, "str_user_id")? != link.identifier {
        return Err(Fail::with(Code::SigOtherUser, "str_user_id is not the user of the UserSig").into());
    }
    let objects = it.rpt_upload_object.need(bad, "rpt_upload_object")?;
    if !(1..=FILES_MAX).contains(&objects.len()) {
        let info = format!("rpt_upload_object must name 1 to {FILES_MAX} files");
        return Err(Fail::with(bad, info).into());
    }
    let (mut ids, mut files) = (Vec::new(), Vec::new());
    for it in objects {
        ids.push(it.uint32_file_id.optional(bad, "uint32_file_id")?.unwrap_or(0));
        let kind = it.uint32_file_type.need(bad, "uint32_file_type")?;
        let name = it.str_file_name.need(bad, "str_file_name")?;
        files.push(wanted((kind, "uint32_file_type"), (name, "str_file_name"))?);
    }
    let promised = files::promise(cx, &link.identifier, files, None).await?;
    let signed = ids.into_iter().zip(promised).map(|(id, promise)| {
        let urls = urls(cx, link, &promise);
        Signed {
            uint32_file_id: id,
            uint32_exist_flag: 0,
            str_upload_url: urls.upload,
            str_download_url: urls.download,
            str_file_key: promise.path,
            str_snapshot_url: "",
            rpt_msg_image_info: Vec::new(),
        }
    });
    Ok(Response { str_final_ip: "", signed: signed.collect() })
}

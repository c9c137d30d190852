//! Tells the size of an uploaded picture.
//!
//! Contract: `spec/client/commands/im_cos_msg.get_imageinfo.yaml`.

use chat::{Cx, error::Error, files::Size};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::admit;
use crate::{command::command, files, gateway::Link, given::Given};

command!(link "im_cos_msg" / "get_imageinfo", "Tells the size of a picture.", SocketAnyone, Request => Response, handle);

/// Longest URL that is looked at.
const URL_BYTES_MAX: usize = 4096;
/// Thumbnail, large, original.
const TYPES: [(i64, Option<Size>); 3] = [(1, Some(Size::Small)), (2, Some(Size::Large)), (3, None)];

#[derive(Deserialize, JsonSchema)]
struct Request {
    str_image_url: Given<String>,
}

#[derive(Serialize, JsonSchema)]
struct Response {
    #[serde(rename = "rpt_msg_image_info")]
    pictures: Vec<Picture>,
}

#[derive(Default, Serialize, JsonSchema)]
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
    let Some(file) = files::of_url(cx, &url).await? else {
        let unknown = |kind| Picture { uint32_image_type: kind, str_url: url.clone(), ..Picture::default() };
        return Ok(Response { pictures: TYPES.map(|it| unknown(it.0)).into() });
    };
    let smaller = chat::files::smaller(&cx.chat, &cx.app, &file).await?;
    let picture = |(uint32_image_type, size): (i64, Option<Size>)| {
        let sized = smaller.iter().find(|it| Some(it.0) == size);
        let (str_url, (uint32_width, uint32_height)) = match sized {
            Some((size, (width, height))) => (in_size(&url, *size), (i64::from(*width), i64::from(*height))),
            None => (url.clone(), (file.width, file.height)),
        };
        let str_image_format = file.format.clone();
        Picture { uint32_image_type, str_url, uint32_width, uint32_height, str_image_format }
    };
    Ok(Response { pictures: TYPES.map(picture).into() })
}

/// The URL of a file in a size, as SDKs make it.
fn in_size(url: &str, size: Size) -> String {
    let sign = if url.contains('?') { '&' } else { '?' };
    format!("{url}{sign}{}", files::query_of(size))
}

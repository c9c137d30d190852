//! Who speaks on a connection, and the request frames that say so.

use proto::json;

use super::{HEARTBEAT, LOGIN, LOGOUT};
use crate::clock;

/// What the web client says of itself, whatever its release.
const CONSTANTS: &str =
    r#""ver":"v4","platform":7,"websdkappid":537048168,"websdkversion":"1.7.3","sdkability":75689843,"#;
/// Request numbers start below this.
const FIRST_SEQ_MAX: u32 = 100_000_000;
/// These commands carry identifier and UserSig also after a login.
const SIGNED_COMMANDS: &str = "im_cos_";

/// Makes the frames of one connection, each with the next number.
pub struct Identity {
    sdkappid: u32,
    seq: u32,
    /// Goes into requests as long as there is no token.
    pub user: String,
    /// Proves the user at a login and for uploads.
    pub usersig: String,
    /// The session token; empty before a login.
    pub a2: String,
    /// First part of the ids of the user's messages, as the login gave it.
    pub tiny_id: String,
    /// Number of the instance, as the login gave it; 0 before.
    pub inst_id: u32,
}

impl Identity {
    /// Nobody yet. `seed` chooses the first number.
    pub fn new(sdkappid: u32, seed: u32) -> Identity {
        Identity {
            sdkappid,
            seq: seed % FIRST_SEQ_MAX,
            user: String::new(),
            usersig: String::new(),
            a2: String::new(),
            tiny_id: String::new(),
            inst_id: 0,
        }
    }

    /// A request and its number. `body` is the text of a JSON object.
    pub fn request(&mut self, servcmd: &str, body: &str) -> (u32, Vec<u8>) {
        self.seq = self.seq.wrapping_add(1);
        let mut frame = String::with_capacity(FIXED_BYTES + self.a2.len() + body.len());
        self.write(&mut frame, servcmd, body);
        (self.seq, frame.into_bytes())
    }

    fn write(&self, frame: &mut String, servcmd: &str, body: &str) {
        use std::fmt::Write;
        let checksum = match servcmd {
            HEARTBEAT | LOGIN | LOGOUT => 0,
            _ => crc32fast::hash(body.as_bytes()),
        };
        let (sdkappid, seq, inst_id, now) = (self.sdkappid, self.seq, self.inst_id, clock::unix_seconds());
        let mut put =
            |args: std::fmt::Arguments<'_>| frame.write_fmt(args).expect("a string takes every write");
        put(format_args!(
            r#"{{"head":{{{CONSTANTS}"sdkappid":{sdkappid},"servcmd":{},"seq":{seq},"#,
            json::quote(servcmd)
        ));
        if !self.a2.is_empty() {
            put(format_args!(r#""a2":{},"tinyid":{},"#, json::quote(&self.a2), json::quote(&self.tiny_id)));
        }
        let is_signed = self.a2.is_empty() || servcmd.starts_with(SIGNED_COMMANDS);
        if is_signed && !self.user.is_empty() {
            let (user, usersig) = (json::quote(&self.user), json::quote(&self.usersig));
            put(format_args!(r#""identifier":{user},"usersig":{usersig},"#));
        }
        put(format_args!(
            r#""status_instid":{inst_id},"contenttype":"json","reqtime":{now},"sdkability_ext":"","cappid":0,"cs":{checksum}}},"body":{body}}}"#
        ));
    }
}

/// About what a frame has besides its token and its body.
const FIXED_BYTES: usize = 400;

#[cfg(test)]
mod tests {
    use proto::frame::Request;

    use super::*;

    #[test]
    fn who_speaks_stands_in_the_head() {
        let mut identity = Identity::new(7, 41);
        identity.user = "al\"ice".into();
        identity.usersig = "sig".into();
        let (seq, frame) = identity.request(LOGIN, "{}");
        let request = Request::parse(&frame).expect("it is a frame");
        assert_eq!((seq, request.seq, &*request.servcmd, request.sdkappid), (42, 42, LOGIN, 7));
        assert_eq!((&*request.identifier, &*request.usersig, &*request.a2), ("al\"ice", "sig", ""));

        identity.a2 = "token".into();
        identity.tiny_id = "144115".into();
        identity.inst_id = 9;
        for (servcmd, usersig) in [("openim.getmsg", ""), ("im_cos_msg.pre_sig", "sig")] {
            let (_, frame) = identity.request(servcmd, r#"{"a":1}"#);
            let request = Request::parse(&frame).expect("it is a frame");
            assert_eq!((&*request.a2, &*request.tinyid, request.status_instid), ("token", "144115", 9));
            assert_eq!((&*request.usersig, request.body.get()), (usersig, r#"{"a":1}"#), "{servcmd}");
        }
    }

    #[test]
    fn the_checksum_is_that_of_the_body_where_there_is_one() {
        for (servcmd, checksum) in [("a.b", 2_745_614_147_u32), (HEARTBEAT, 0), (LOGIN, 0), (LOGOUT, 0)] {
            let (_, frame) = Identity::new(1, 1).request(servcmd, "{}");
            let frame: serde_json::Value = serde_json::from_slice(&frame).expect("it is JSON");
            assert_eq!(frame["head"]["cs"], checksum, "{servcmd}");
        }
    }
}

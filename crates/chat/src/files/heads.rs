//! What the beginning of a picture tells of it, without decoding it.

use image::metadata::Orientation;
use imagesize::ImageType;

/// From so much of a picture its size can be told, whatever the camera wrote before it.
pub const BYTES_MAX: usize = 256 << 10;
/// The longest side of a picture that is believed.
const SIDE_MAX: usize = i32::MAX as usize;

#[derive(Debug, PartialEq, Eq)]
pub struct Head {
    /// As it is shown: turned as the camera says.
    pub width: i64,
    pub height: i64,
    pub format: &'static str,
    /// It has several frames, as far as was seen.
    pub is_animated: bool,
}

/// Reads a picture that begins so.
pub fn read(head: &[u8]) -> Option<Head> {
    let format = match imagesize::image_type(head).ok()? {
        ImageType::Bmp => "bmp",
        ImageType::Gif => "gif",
        ImageType::Jpeg => "jpg",
        ImageType::Png => "png",
        ImageType::Webp => "webp",
        _ => return None,
    };
    let size = imagesize::blob_size(head).ok()?;
    let side = |it: usize| i64::try_from(it.min(SIDE_MAX)).unwrap_or_default();
    let (width, height) = match format == "jpg" && turns(orientation(head)) {
        true => (side(size.height), side(size.width)),
        false => (side(size.width), side(size.height)),
    };
    Some(Head { width, height, format, is_animated: is_animated(head, format) })
}

/// Whether width and height change places.
fn turns(it: Orientation) -> bool {
    use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
    matches!(it, Rotate90 | Rotate90FlipH | Rotate270 | Rotate270FlipH)
}

/// How the camera was held, by a JPEG's Exif part.
pub fn orientation(jpeg: &[u8]) -> Orientation {
    exif(jpeg).and_then(Orientation::from_exif_chunk).unwrap_or(Orientation::NoTransforms)
}

fn exif(jpeg: &[u8]) -> Option<&[u8]> {
    const APP1: u8 = 0xe1;
    let mut parts = parts(jpeg).take_while(|it| it.0 != SCAN);
    parts.find_map(|(marker, part)| part.strip_prefix(b"Exif\0\0").filter(|_| marker == APP1))
}

/// The part of a JPEG behind which its pixels begin.
const SCAN: u8 = 0xda;

/// The parts of a JPEG by their markers, as long as they are whole; only those up to the first scan mean something.
fn parts(jpeg: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = jpeg.strip_prefix(b"\xff\xd8").unwrap_or_default();
    std::iter::from_fn(move || {
        let [0xff, marker, high, low, ..] = *rest else { return None };
        let length = usize::from(u16::from_be_bytes([high, low])) + 2;
        let part = rest.get(4..length)?;
        rest = &rest[length..];
        Some((marker, part))
    })
}

/// Bytes that each pixel takes at most while the picture is decoded.
pub fn pixel_bytes(bytes: &[u8], format: &str) -> u64 {
    match format {
        "jpg" if is_scanned_once(bytes) => 4,
        // The coefficients of all scans are kept until the last.
        "jpg" => 10,
        "png" if bytes.get(24) == Some(&16) => 12,
        "png" => 5,
        _ => 8,
    }
}

/// Whether the pixels of a JPEG come in one go, all colours together.
fn is_scanned_once(jpeg: &[u8]) -> bool {
    const SEQUENTIAL: [u8; 2] = [0xc0, 0xc1];
    let mut colours = None;
    for (marker, part) in parts(jpeg) {
        if SEQUENTIAL.contains(&marker) {
            colours = part.get(5);
        }
        if marker == SCAN {
            return colours.is_some() && colours == part.first();
        }
    }
    false
}

/// Whether a picture that begins so has several frames. Of one that is cut off early that may not be seen.
pub fn is_animated(bytes: &[u8], format: &str) -> bool {
    match format {
        "gif" => gif_frames(bytes).unwrap_or(false),
        "png" => png_frames(bytes).unwrap_or(false),
        // A flag of the extended header.
        "webp" => bytes.get(12..16) == Some(b"VP8X") && bytes.get(20).is_some_and(|it| it & 2 != 0),
        _ => false,
    }
}

/// A part of a GIF behind which its blocks go on.
fn gif_table(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

/// Whether a second frame begins in what is there of a GIF.
fn gif_frames(bytes: &[u8]) -> Option<bool> {
    const EXTENSION: u8 = 0x21;
    const FRAME: u8 = 0x2c;
    let mut at = 13 + gif_table(*bytes.get(10)?);
    let mut frames = 0;
    loop {
        match *bytes.get(at)? {
            EXTENSION => at += 2,
            FRAME if frames == 1 => return Some(true),
            FRAME => {
                frames += 1;
                at += 11 + gif_table(*bytes.get(at + 9)?);
            }
            _ => return Some(false),
        }
        loop {
            let length = usize::from(*bytes.get(at)?);
            at += 1 + length;
            if length == 0 {
                break;
            }
        }
    }
}

/// Whether a PNG tells of frames before its pixels.
fn png_frames(bytes: &[u8]) -> Option<bool> {
    let mut rest = bytes.get(8..)?;
    loop {
        let length = u32::from_be_bytes(rest.first_chunk().copied()?);
        match rest.get(4..8)? {
            b"acTL" => return Some(true),
            b"IDAT" => return Some(false),
            _ => rest = rest.get(usize::try_from(length).ok()?.checked_add(12)?..)?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(marker: u8, bytes: &[u8]) -> Vec<u8> {
        let length = u16::try_from(bytes.len() + 2).unwrap().to_be_bytes();
        [&[0xff, marker], &length[..], bytes].concat()
    }

    fn jpeg(parts: &[Vec<u8>]) -> Vec<u8> {
        [&b"\xff\xd8"[..], &parts.concat()].concat()
    }

    fn exif(orientation: u8) -> Vec<u8> {
        let entry = [0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0];
        part(0xe1, &[&b"Exif\0\0II\x2a\0\x08\0\0\0\x01\0"[..], &entry, &[0; 4]].concat())
    }

    fn frame(marker: u8) -> Vec<u8> {
        part(marker, b"\x08\0\x14\0\x1e\x03\x01\x22\0\x02\x11\x01\x03\x11\x01")
    }

    fn scan(colours: u8) -> Vec<u8> {
        part(0xda, &[&[colours][..], &[0; 9]].concat())
    }

    #[test]
    fn a_photo_is_as_high_as_it_is_looked_at() {
        for (orientation, sides) in
            [(0, (30, 20)), (1, (30, 20)), (4, (30, 20)), (5, (20, 30)), (8, (20, 30)), (9, (30, 20))]
        {
            let preview = part(0xe0, b"JFIF\0");
            let head =
                read(&jpeg(&[preview, part(0xe1, b"http:xmp"), exif(orientation), frame(0xc0)])).unwrap();
            assert_eq!((head.width, head.height), sides, "{orientation}");
        }
        for broken in [&b"Exif\0\0"[..], b"Exif\0\0II\x2a\0\xff\xff\xff\xff", b"Exif\0\0XX\x2a\0"] {
            let head = read(&jpeg(&[part(0xe1, broken), frame(0xc0)])).unwrap();
            assert_eq!((head.width, head.height), (30, 20), "{broken:?}");
        }
        // What stands behind the pixels says nothing about them.
        assert_eq!(orientation(&jpeg(&[frame(0xc0), scan(3), exif(6)])), Orientation::NoTransforms);
        assert_eq!(orientation(b"\xff\xd8\xff\xe1\0\0"), Orientation::NoTransforms);
        assert_eq!(orientation(b""), Orientation::NoTransforms);
    }

    #[test]
    fn a_jpeg_of_several_scans_takes_more_memory() {
        assert_eq!(pixel_bytes(&jpeg(&[exif(1), frame(0xc0), scan(3)]), "jpg"), 4);
        for several in [
            [frame(0xc2), scan(3)],
            [frame(0xc0), scan(1)],
            [scan(3), frame(0xc0)],
            [frame(0xc0), part(0xe0, b"")],
        ] {
            assert_eq!(pixel_bytes(&jpeg(&several), "jpg"), 10, "{several:?}");
        }
    }

    #[test]
    fn a_gif_moves_when_it_has_a_second_frame() {
        let screen = b"GIF89a\x1e\0\x14\0\x80\0\0\0\0\0\xff\xff\xff";
        let again_and_again = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0";
        // With colours of its own, and data that looks like the beginning of another.
        let frame = b"\x2c\0\0\0\0\x01\0\x01\0\x81............\x02\x03\x2c\x2c\x3b\x01\x2c\0";
        let still = [&screen[..], again_and_again, frame].concat();
        let moving = [&still[..], b"\x21\xf9\x04\0\0\0\0\0", frame, b"\x3b"].concat();
        assert!(!is_animated(&[&still[..], b"\x3b"].concat(), "gif"));
        assert!(is_animated(&moving, "gif"));
        for end in 0..moving.len() {
            assert_eq!(is_animated(&moving[..end], "gif"), end > still.len() + 8, "{end}");
        }
    }

    #[test]
    fn no_beginning_of_a_picture_is_read_beyond_its_end() {
        let apng = b"\x89PNG\r\n\x1a\n\0\0\0\x01IHDR.1234\0\0\0\x08acTL";
        assert!(is_animated(apng, "png"));
        for end in 0..apng.len() {
            assert!(!is_animated(&apng[..end], "png"), "{end}");
        }
        assert!(!is_animated(b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffIHDR", "png"));
        assert!(is_animated(b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\x02", "webp"));
        assert!(!is_animated(b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0", "webp"));
    }
}

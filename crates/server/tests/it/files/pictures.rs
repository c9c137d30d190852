//! Pictures that tests upload, and what can be seen of one.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage, RgbaImage};

/// By their places in a picture: the quarters above left, above right, below right, below left.
pub const CORNERS: [[u8; 3]; 4] = [RED, GREEN, BLUE, WHITE];
pub const RED: [u8; 3] = [230, 20, 20];
pub const GREEN: [u8; 3] = [20, 200, 20];
pub const BLUE: [u8; 3] = [20, 20, 230];
pub const WHITE: [u8; 3] = [250, 250, 250];

/// A picture of four quarters, with enough grain to be no small file.
pub fn quarters(width: u32, height: u32) -> DynamicImage {
    let pixel = |x: u32, y: u32| {
        let quarter = match (x * 2 < width, y * 2 < height) {
            (true, true) => CORNERS[0],
            (false, true) => CORNERS[1],
            (false, false) => CORNERS[2],
            (true, false) => CORNERS[3],
        };
        let grain = ((x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(2_246_822_519)) >> 13) % 11;
        Rgb(quarter.map(|it| it - 5 + grain as u8))
    };
    RgbImage::from_fn(width, height, pixel).into()
}

/// The same, and nothing can be seen through its right half.
pub fn half_clear(width: u32, height: u32) -> DynamicImage {
    let mut picture: RgbaImage = quarters(width, height).into_rgba8();
    picture.enumerate_pixels_mut().filter(|it| it.0 * 2 < width).for_each(|it| it.2.0[3] = 0);
    picture.into()
}

pub fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    picture.write_to(&mut out, format).unwrap();
    out.into_inner()
}

/// A JPEG with what a camera notes: how it was held, and where.
pub fn photo(width: u32, height: u32, orientation: u8) -> Vec<u8> {
    let jpeg = encoded(&quarters(width, height), ImageFormat::Jpeg);
    let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x02".to_vec();
    exif.extend([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]);
    exif.extend(b"\x01\x0e\0\x02\0\0\0\x08\0\0\0\x26\0\0\0\0at home\0");
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], b"\xff\xe1", &length, &exif, &jpeg[2..]].concat()
}

/// Which corner has which colour, in the order of [`CORNERS`].
pub fn corners(picture: &DynamicImage) -> [[u8; 3]; 4] {
    let (picture, right, below) = (picture.to_rgb8(), picture.width() - 9, picture.height() - 9);
    [(8, 8), (right, 8), (right, below), (8, below)].map(|(x, y)| {
        let seen = picture.get_pixel(x, y).0;
        let distance = |it: &&[u8; 3]| -> u32 {
            it.iter().zip(seen).map(|(one, other)| u32::from(one.abs_diff(other))).sum()
        };
        *CORNERS.iter().min_by_key(distance).unwrap()
    })
}

pub fn animated_gif(width: u16, height: u16, frames: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = image::codecs::gif::GifEncoder::new(&mut out);
    for at in 0..frames {
        let colour = image::Rgba([at as u8 * 90, 90, 90, 255]);
        let frame = RgbaImage::from_pixel(width.into(), height.into(), colour);
        encoder.encode_frame(image::Frame::new(frame)).unwrap();
    }
    drop(encoder);
    out
}

/// A PNG that tells of two frames, and shows one.
pub fn animated_png(width: u32, height: u32) -> Vec<u8> {
    let still = encoded(&quarters(width, height), ImageFormat::Png);
    let chunk = b"acTL\0\0\0\x02\0\0\0\0";
    let sum = crc32(chunk).to_be_bytes();
    [&still[..33], b"\0\0\0\x08", chunk, &sum, &still[33..]].concat()
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, it| {
        (0..8).fold(sum ^ u32::from(*it), |sum, _| (sum >> 1) ^ (0xedb8_8320 & 0_u32.wrapping_sub(sum & 1)))
    })
}

/// The beginning of a WebP with several frames, and nothing that can be decoded.
pub fn animated_webp(width: u32, height: u32) -> Vec<u8> {
    let side = |it: u32| (it - 1).to_le_bytes()[..3].to_vec();
    let header = [&b"\x02\0\0\0"[..], &side(width), &side(height)].concat();
    let frames = [0_u8; 5000];
    [&b"RIFF\xa6\x13\0\0WEBPVP8X\x0a\0\0\0"[..], &header, b"ANMF\x88\x13\0\0", &frames].concat()
}

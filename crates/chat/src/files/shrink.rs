//! Making a picture smaller. Slow, so for threads that may be slow; what is wrong with a picture makes no thumbnail.

use std::io::Cursor;

use image::{
    DynamicImage, ExtendedColorType, ImageDecoder, ImageEncoder, ImageFormat, ImageReader, Limits,
    codecs::{jpeg::JpegEncoder, png::PngEncoder},
    metadata::Orientation,
};

use super::heads;

/// Of 100: where the eye hardly sees a difference.
const JPEG_QUALITY: u8 = 80;
/// The longest colour profile that a thumbnail takes over. Those of phones have some hundred bytes.
const PROFILE_BYTES_MAX: usize = 4096;

/// What was made.
pub struct Small {
    /// Pixels of the shorter side.
    pub side: u32,
    /// `None`: it would be no smaller than the original.
    pub bytes: Option<Vec<u8>>,
    pub media_type: &'static str,
}

/// Pixels of 8 bits, one behind the other.
struct Pixels {
    bytes: Vec<u8>,
    width: u32,
    height: u32,
    /// 1 grey, 3 colours, 4 colours and opacity.
    channels: usize,
}

struct Decoded {
    pixels: Pixels,
    /// How the camera was held.
    orientation: Orientation,
    /// What its colours are.
    profile: Option<Vec<u8>>,
}

/// Width and height of a picture whose shorter side gets so many pixels; `None` when it has no more than that.
pub fn scaled((width, height): (u32, u32), side: u32) -> Option<(u32, u32)> {
    let short = width.min(height);
    let long_side = |it: u32| u32::try_from((u64::from(it) * u64::from(side)).div_ceil(u64::from(short)));
    match short > side {
        true if width <= height => Some((side, long_side(height).ok()?)),
        true => Some((long_side(width).ok()?, side)),
        false => None,
    }
}

/// The picture in each of these sizes, the largest first, of which it must be larger. `pixels` is what its head
/// promised, and `memory` the bytes that have been reserved for it. `None` when it has to be shown as it is.
pub fn shrink(bytes: &[u8], format: &str, (pixels, memory): (u64, u64), sides: &[u32]) -> Option<Vec<Small>> {
    let known = match format {
        "bmp" => ImageFormat::Bmp,
        "gif" => ImageFormat::Gif,
        "jpg" => ImageFormat::Jpeg,
        "png" => ImageFormat::Png,
        "webp" => ImageFormat::WebP,
        _ => return None,
    };
    if heads::is_animated(bytes, format) {
        return None;
    }
    let Decoded { pixels: mut at, orientation, profile } = decode(bytes, known, (pixels, memory))?;
    let whole = (at.width, at.height);
    let mut made = Vec::with_capacity(sides.len());
    for side in sides {
        at = averaged(&at, scaled(whole, *side)?);
        let (encoded, media_type) = encode(&at, orientation, profile.as_deref())?;
        let bytes = (encoded.len() < bytes.len()).then_some(encoded);
        made.push(Small { side: *side, bytes, media_type });
    }
    Some(made)
}

fn decode(bytes: &[u8], format: ImageFormat, (pixels, memory): (u64, u64)) -> Option<Decoded> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(memory);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().ok()?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) != pixels || decoder.total_bytes() > memory {
        return None;
    }
    let orientation = match format {
        ImageFormat::Jpeg => heads::orientation(&bytes[..bytes.len().min(heads::BYTES_MAX)]),
        _ => decoder.orientation().ok()?,
    };
    let profile = decoder.icc_profile().ok().flatten();
    let decoded = DynamicImage::from_decoder(decoder).ok()?;
    let (bytes, channels) = match decoded {
        DynamicImage::ImageLuma8(it) => (it.into_raw(), 1),
        DynamicImage::ImageRgb8(it) => (it.into_raw(), 3),
        DynamicImage::ImageRgba8(it) => (it.into_raw(), 4),
        it if it.color().has_alpha() => (it.into_rgba8().into_raw(), 4),
        it => (it.into_rgb8().into_raw(), 3),
    };
    let space: &[u8] = if channels == 1 { b"GRAY" } else { b"RGB " };
    // A profile of other colours was meant for what the decoder has turned into these.
    let fits = |it: &Vec<u8>| it.len() <= PROFILE_BYTES_MAX && it.get(16..20) == Some(space);
    let pixels = Pixels { bytes, width, height, channels };
    Some(Decoded { pixels, orientation, profile: profile.filter(fits) })
}

/// The mean of what lies under each pixel of a smaller picture.
fn averaged(from: &Pixels, (width, height): (u32, u32)) -> Pixels {
    let channels = from.channels;
    let row = from.width as usize * channels;
    let columns = spans(from.width, width);
    let mut bytes = Vec::with_capacity(width as usize * height as usize * channels);
    let mut sums = vec![0_f32; row];
    for (first, shares) in spans(from.height, height) {
        sums.fill(0.0);
        for (share, line) in shares.iter().zip(from.bytes.chunks_exact(row).skip(first)) {
            add(&mut sums, line, *share, channels);
        }
        for (first, shares) in &columns {
            let mut pixel = [0_f32; 4];
            for (share, sum) in shares.iter().zip(sums.chunks_exact(channels).skip(*first)) {
                pixel.iter_mut().zip(sum).for_each(|(it, sum)| *it += share * sum);
            }
            // What is not opaque has no colour of its own.
            let opacity = if channels == 4 { pixel[3].max(f32::MIN_POSITIVE) / 255.0 } else { 1.0 };
            let value = |(at, it): (usize, f32)| if at == 3 { it } else { it / opacity };
            bytes.extend(pixel.into_iter().enumerate().map(value).take(channels).map(|it| it.round() as u8));
        }
    }
    Pixels { bytes, width, height, channels }
}

fn add(sums: &mut [f32], line: &[u8], share: f32, channels: usize) {
    if channels == 4 {
        for (sum, it) in sums.chunks_exact_mut(4).zip(line.chunks_exact(4)) {
            let opacity = share * f32::from(it[3]) / 255.0;
            sum[..3].iter_mut().zip(it).for_each(|(sum, it)| *sum += opacity * f32::from(*it));
            sum[3] += share * f32::from(it[3]);
        }
        return;
    }
    sums.iter_mut().zip(line).for_each(|(sum, it)| *sum += share * f32::from(*it));
}

/// For each of `to` pixels the first of `from` pixels under it, and the shares of that one and those behind it.
fn spans(from: u32, to: u32) -> Vec<(usize, Vec<f32>)> {
    let step = f64::from(from) / f64::from(to);
    let span = |at: u32| {
        let (start, end) = (f64::from(at) * step, (f64::from(at + 1) * step).min(f64::from(from)));
        let (first, last) = (start.floor() as u32, end.ceil() as u32);
        let covered = |it: u32| end.min(f64::from(it + 1)) - start.max(f64::from(it));
        (first as usize, (first..last).map(|it| (covered(it) / (end - start)) as f32).collect())
    };
    (0..to).map(span).collect()
}

/// The picture as it is to be looked at, without anything that a camera noted but the profile.
fn encode(it: &Pixels, orientation: Orientation, profile: Option<&[u8]>) -> Option<(Vec<u8>, &'static str)> {
    let (width, height, bytes) = (it.width, it.height, it.bytes.clone());
    let is_opaque = it.channels < 4 || bytes.chunks_exact(4).all(|it| it[3] == u8::MAX);
    let mut image = match it.channels {
        1 => DynamicImage::ImageLuma8(image::GrayImage::from_raw(width, height, bytes)?),
        3 => DynamicImage::ImageRgb8(image::RgbImage::from_raw(width, height, bytes)?),
        _ => DynamicImage::ImageRgba8(image::RgbaImage::from_raw(width, height, bytes)?),
    };
    if is_opaque && it.channels == 4 {
        image = image.into_rgb8().into();
    }
    image.apply_orientation(orientation);
    let color = ExtendedColorType::from(image.color());
    let (bytes, width, height) = (image.as_bytes(), image.width(), image.height());
    let (mut out, profile) = (Vec::new(), profile.map(<[u8]>::to_vec));
    if is_opaque {
        let mut encoder = JpegEncoder::new_with_quality(&mut out, JPEG_QUALITY);
        // A picture without its profile is still one.
        profile.into_iter().for_each(|it| _ = encoder.set_icc_profile(it));
        encoder.write_image(bytes, width, height, color).ok()?;
        return Some((out, "image/jpeg"));
    }
    let mut encoder = PngEncoder::new(&mut out);
    profile.into_iter().for_each(|it| _ = encoder.set_icc_profile(it));
    encoder.write_image(bytes, width, height, color).ok()?;
    Some((out, "image/png"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shorter_side_gets_the_pixels() {
        for (from, side, to) in [
            ((400, 300), 198, Some((264, 198))),
            ((300, 401), 198, Some((198, 265))),
            ((199, 199), 198, Some((198, 198))),
            ((198, 900), 198, None),
            ((0, 900), 198, None),
            ((u32::MAX, 199), 198, Some((4_273_384_545, 198))),
        ] {
            assert_eq!(scaled(from, side), to, "{from:?}");
        }
    }

    #[test]
    fn each_pixel_is_the_mean_of_what_was_there() {
        let grey = |bytes: &[u8], width, height| Pixels { bytes: bytes.to_vec(), width, height, channels: 1 };
        assert_eq!(averaged(&grey(&[0, 100, 200, 100], 2, 2), (1, 1)).bytes, [100]);
        // Three columns become two: each has a half of the middle one.
        assert_eq!(averaged(&grey(&[0, 90, 255], 3, 1), (2, 1)).bytes, [30, 200]);
        assert_eq!(averaged(&grey(&[0, 90, 255], 1, 3), (1, 2)).bytes, [30, 200]);
        assert_eq!(averaged(&grey(&[7; 35], 7, 5), (3, 2)).bytes, [7; 6]);
    }

    #[test]
    fn what_cannot_be_seen_gives_no_colour() {
        let bytes = vec![200, 100, 0, 255, 0, 0, 255, 0];
        let half = averaged(&Pixels { bytes, width: 2, height: 1, channels: 4 }, (1, 1));
        assert_eq!(half.bytes, [200, 100, 0, 128]);
        let clear = averaged(&Pixels { bytes: vec![9; 8], width: 2, height: 1, channels: 4 }, (1, 1));
        assert_eq!(clear.bytes, [9, 9, 9, 9]);
        let nothing = averaged(&Pixels { bytes: vec![0; 8], width: 2, height: 1, channels: 4 }, (1, 1));
        assert_eq!(nothing.bytes, [0; 4]);
    }

    fn noise(bytes: u32) -> Vec<u8> {
        (0..bytes).map(|it| (it.wrapping_mul(2_654_435_761) >> 20) as u8).collect()
    }

    fn png(profile: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut encoder = PngEncoder::new(&mut out);
        encoder.set_icc_profile(profile.to_vec()).unwrap();
        encoder.write_image(&noise(270_000), 300, 300, ExtendedColorType::Rgb8).unwrap();
        out
    }

    #[test]
    fn a_profile_of_its_colours_is_kept() {
        for (space, length, is_kept) in
            [(b"RGB ", 500, true), (b"CMYK", 500, false), (b"RGB ", 5000, false), (b"RGB ", 20, true)]
        {
            let mut profile = vec![b'p'; length];
            profile[16..20].copy_from_slice(space);
            let made = shrink(&png(&profile), "png", (90_000, 1 << 20), &[198]).unwrap();
            let jpeg = made[0].bytes.as_ref().unwrap();
            assert_eq!(jpeg.windows(length).any(|it| it == profile), is_kept, "{length}");
        }
    }

    #[test]
    fn no_more_is_decoded_than_was_reserved() {
        let png = png(&[b' '; 20]);
        let is_made = |limits| shrink(&png, "png", limits, &[198]).is_some();
        assert!(is_made((90_000, 1 << 20)));
        assert!(!is_made((90_001, 1 << 20)), "other sides than its head promised");
        assert!(!is_made((90_000, 100_000)), "less memory than its pixels take");
        assert!(shrink(&png, "jpg", (90_000, 1 << 20), &[198]).is_none(), "it is no JPEG");
        assert!(shrink(&png, "", (90_000, 1 << 20), &[198]).is_none());
    }

    #[test]
    fn a_broken_picture_breaks_nothing() {
        let picture = DynamicImage::from(image::RgbImage::from_raw(220, 210, noise(138_600)).unwrap());
        for (name, format) in [
            ("png", ImageFormat::Png),
            ("jpg", ImageFormat::Jpeg),
            ("gif", ImageFormat::Gif),
            ("bmp", ImageFormat::Bmp),
            ("webp", ImageFormat::WebP),
        ] {
            let mut whole = Cursor::new(Vec::new());
            picture.write_to(&mut whole, format).unwrap();
            let whole = whole.into_inner();
            let read = |bytes: &[u8]| {
                let head = heads::read(&bytes[..bytes.len().min(heads::BYTES_MAX)])?;
                shrink(bytes, head.format, (220 * 210, 1 << 20), &[198])
            };
            assert!(read(&whole).is_some_and(|it| it.len() == 1), "{name}");
            let mut random = 1_u32;
            let mut next = |below: usize| {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (random >> 8) as usize % below
            };
            for _ in 0..20 {
                let mut broken = whole.clone();
                // Most faults are where a format says how it goes on.
                broken[next(200)] = next(256) as u8;
                broken[next(whole.len())] ^= 1 << next(8);
                read(&broken);
                read(&whole[..next(whole.len())]);
            }
        }
    }
}

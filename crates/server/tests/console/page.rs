//! The page and its parts.

use crate::client::{Engine, Site};

#[tokio::test]
async fn the_page_is_served_with_what_protects_it() {
    let site = Site::open(Engine::Sqlite).await.unwrap();
    let nobody = site.nobody();
    let page = nobody.raw("GET /console/", &[], "").await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("Magpie console"), "{}", page.text);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("script-src 'self';") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert_eq!(page.header("x-frame-options"), Some("DENY"));
    assert_eq!(page.header("cache-control"), Some("no-cache"));
    let etag = page.header("etag").unwrap();
    let again = nobody.raw("GET /console/", &[("If-None-Match", etag)], "").await;
    assert_eq!((again.status, again.text.as_str()), (304, ""));
    let packed = nobody.raw("GET /console/", &[("Accept-Encoding", "br, gzip;q=0.8")], "").await;
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
}

#[tokio::test]
async fn nothing_else_is_there() {
    let site = Site::open(Engine::Sqlite).await.unwrap();
    let nobody = site.nobody();
    let moved = nobody.raw("GET /console", &[], "").await;
    assert_eq!((moved.status, moved.header("location")), (308, Some("console/")));
    for path in ["/console/nothing", "/console/../Cargo.toml", "/console//etc/passwd", "/console/.stamp"] {
        assert_eq!(nobody.raw(&format!("GET {path}"), &[], "").await.status, 404, "{path}");
    }
    assert_eq!(nobody.raw("DELETE /console/", &[], "").await.status, 405);
    // A name that only begins alike belongs to REST.
    assert!(nobody.raw("GET /consoles", &[], "").await.text.contains("ErrorCode"));
}

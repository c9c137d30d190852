//! The page and its parts.

use chat::random::Random;
use server::demo::Page;

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

#[tokio::test]
async fn the_page_of_the_demo_is_there_only_while_a_demo_runs() {
    let site = Site::open(Engine::Sqlite).await.unwrap();
    let nobody = site.nobody();
    for path in ["GET /demo", "GET /demo/", "POST /demo/tickets"] {
        assert!(nobody.raw(path, &[], "").await.text.contains("ErrorCode"), "{path}");
    }
    assert_eq!(nobody.raw("GET /console/demo.html", &[], "").await.status, 404);

    assert!(site.node.demo.set(Page::new("{}".to_owned(), Random::seeded(7))).is_ok());
    let moved = nobody.raw("GET /demo", &[], "").await;
    assert_eq!((moved.status, moved.header("location")), (308, Some("demo/")));
    let page = nobody.raw("GET /demo/", &[], "").await;
    assert_eq!(page.status, if Page::is_built() { 200 } else { 404 });
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("script-src 'self';") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert_eq!(nobody.raw("GET /demo/index.html", &[], "").await.status, 404);
    assert_eq!(nobody.raw("GET /console/demo.html", &[], "").await.status, 404);
    assert!(nobody.raw("GET /demos", &[], "").await.text.contains("ErrorCode"));
}

#[tokio::test]
async fn the_link_of_the_demo_gives_the_tickets_once() {
    let site = Site::open(Engine::Sqlite).await.unwrap();
    let nobody = site.nobody();
    let page = Page::new(r#"{"people":[]}"#.to_owned(), Random::seeded(7));
    let mut tokens = page.tokens();
    let first = tokens.borrow().clone();
    assert!(site.node.demo.set(page).is_ok());

    assert_eq!(nobody.raw("GET /demo/tickets", &[], "").await.status, 405);
    for wrong in ["", "guess", &"x".repeat(64), &"x".repeat(65), &format!("{first}x")] {
        let refused = nobody.raw("POST /demo/tickets", &[], wrong).await;
        assert!([400, 403].contains(&refused.status), "{wrong}: {}", refused.status);
        assert!(!refused.text.contains("people"), "{wrong}");
    }
    let given = nobody.raw("POST /demo/tickets", &[], &first).await;
    assert_eq!((given.status, given.text.as_str()), (200, r#"{"people":[]}"#));
    assert_eq!(given.header("cache-control"), Some("no-store"));
    assert_eq!(nobody.raw("POST /demo/tickets", &[], &first).await.status, 403);
    tokens.changed().await.unwrap();
    let next = tokens.borrow().clone();
    assert_ne!(next, first);
    assert_eq!(nobody.raw("POST /demo/tickets", &[], &next).await.status, 200);
}

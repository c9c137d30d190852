//! What an operator writes, and what they get or are told.

use std::path::PathBuf;

use super::*;

/// A folder that is gone after the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("magpie-config-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = std::fs::remove_dir_all(&self.0);
    }
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn env_only(list: &[(&str, &str)]) -> anyhow::Result<Config> {
    Config::load(None, pairs(list).into_iter(), &[])
}

fn file_only(name: &str, text: &str) -> anyhow::Result<Config> {
    let folder = Folder::new(name);
    let path = folder.write("magpie.toml", text);
    Config::load(Some(&path), std::iter::empty(), &[])
}

fn told(result: anyhow::Result<Config>) -> String {
    format!("{:#}", result.expect_err("it should have been refused"))
}

#[test]
fn nothing_given_is_the_default() {
    let config = env_only(&[("PATH", "/bin"), ("MAGPIE_OTHER", "x")]).unwrap();
    assert_eq!(config, Config::default());
    assert_eq!(config.listen.to_string(), "127.0.0.1:9000");
    assert_eq!(config.data_dir, PathBuf::from("magpie-data"));
}

#[test]
fn the_last_source_wins() {
    let folder = Folder::new("layers");
    let file = folder.write(
        "magpie.toml",
        "listen = '127.0.0.1:1'\n[limits]\nconnections = 1\nbody_bytes = 65536\n[log]\nlevel = 'warn'\n",
    );
    let env = pairs(&[("MAGPIE__LIMITS__CONNECTIONS", "2"), ("MAGPIE__LOG__LEVEL", "debug")]);
    let set = pairs(&[("log.level", "trace")]);
    let config = Config::load(Some(&file), env.into_iter(), &set).unwrap();
    assert_eq!(config.listen.port(), 1, "from the file");
    assert_eq!(config.limits.body_bytes, 65_536, "from the file");
    assert_eq!(config.limits.connections, 2, "from the environment");
    assert_eq!(config.log.level, "trace", "from a flag");
    assert_eq!(config.log.format, LogFormat::Human, "from nowhere");
}

#[test]
fn a_list_is_written_in_toml_or_with_commas() {
    for (certs, keys) in [
        ("a.pem, b.pem", "a.key,b.key"),
        (r#"["a.pem", "b.pem"]"#, r#"["a.key", "b.key"]"#),
        ("a.pem,b.pem,", "['a.key','b.key']"),
    ] {
        let config = env_only(&[("MAGPIE__TLS__CERTS", certs), ("MAGPIE__TLS__KEYS", keys)]).unwrap();
        assert_eq!(config.tls.certs, [PathBuf::from("a.pem"), "b.pem".into()], "{certs}");
        assert_eq!(config.tls.keys, [PathBuf::from("a.key"), "b.key".into()], "{keys}");
    }
}

#[test]
fn an_empty_variable_takes_an_address_back() {
    let folder = Folder::new("empty");
    let file = folder.write("magpie.toml", "[metrics]\nlisten = '127.0.0.1:9100'\n");
    let env = pairs(&[("MAGPIE__METRICS__LISTEN", "")]);
    assert!(Config::load(Some(&file), std::iter::empty(), &[]).unwrap().metrics.listen.is_some());
    assert!(Config::load(Some(&file), env.into_iter(), &[]).unwrap().metrics.listen.is_none());
}

#[test]
fn a_secret_may_stand_in_a_file_of_its_own() {
    let folder = Folder::new("secret");
    let secret = folder.write("secret", " postgres://ann:tea@db/chat\n\n");
    let secret = secret.to_str().unwrap();
    let config = env_only(&[("MAGPIE__DATABASE_FILE", secret)]).unwrap();
    assert_eq!(config.database, "postgres://ann:tea@db/chat");

    let file = folder.write("magpie.toml", &format!("database_file = {secret:?}\n"));
    assert_eq!(Config::load(Some(&file), std::iter::empty(), &[]).unwrap().database, config.database);
    let set = pairs(&[("database", "")]);
    assert_eq!(
        Config::load(Some(&file), std::iter::empty(), &set).unwrap().database,
        "",
        "a flag wins over the file"
    );

    let missing = told(env_only(&[("MAGPIE__DATABASE_FILE", "/no/such/file")]));
    assert!(
        missing.starts_with(
            "environment variable MAGPIE__DATABASE_FILE: `database_file`: cannot read /no/such/file"
        ),
        "{missing}"
    );
    let both = told(env_only(&[("MAGPIE__DATABASE", "postgres://h/n"), ("MAGPIE__DATABASE_FILE", secret)]));
    assert!(both.contains("expected either it or `database_file`"), "{both}");
}

#[test]
fn a_mistake_in_a_variable_is_named() {
    for (name, value, words) in [
        ("MAGPIE__LISEN", "127.0.0.1:1", r#"unknown key "lisen"; did you mean `listen`?"#),
        ("MAGPIE__TSL__LISTEN", "127.0.0.1:1", r#"unknown key "tsl.listen"; did you mean `tls.listen`?"#),
        ("MAGPIE__CONNECTIONS", "5", r#"unknown key "connections"; did you mean `limits.connections`?"#),
        ("MAGPIE__DATABSE_FILE", "x", r#"unknown key "databse_file"; did you mean `database_file`?"#),
        ("MAGPIE__XYZ", "5", r#"unknown key "xyz"; expected one of data_dir, database, limits.body_bytes, "#),
        ("MAGPIE__TLS", "5", "`tls` is a section; expected the keys inside it"),
        (
            "MAGPIE__LISTEN",
            "9000",
            r#"`listen` is "9000"; expected an address with a port, such as 127.0.0.1:9000"#,
        ),
        ("MAGPIE__LIMITS__CONNECTIONS", "many", r#"`limits.connections` is "many"; expected a whole number"#),
        ("MAGPIE__LIMITS__CONNECTIONS", "-1", "`limits.connections` is -1; expected a whole number"),
        ("MAGPIE__LIMITS__CONNECTIONS", "1.5", "`limits.connections` is 1.5; expected a whole number"),
        ("MAGPIE__TLS__CERTS", "[1]", "`tls.certs` is [1]; expected a list of paths"),
        ("MAGPIE__LOG__FORMAT", "xml", "`log.format`: unknown variant `xml`, expected `human` or `json`"),
    ] {
        let told = told(env_only(&[(name, value)]));
        assert!(told.starts_with(&format!("environment variable {name}: {words}")), "{name}={value}: {told}");
    }
}

#[test]
fn a_mistake_in_a_file_is_named() {
    for (nr, (text, words)) in [
        ("lisen = 'x'", r#": unknown key "lisen"; did you mean `listen`?"#),
        ("[limit]\nconnections = 1", r#": unknown key "limit"; did you mean "#),
        (
            "[limits]\nconections = 1",
            r#": unknown key "limits.conections"; did you mean `limits.connections`?"#,
        ),
        ("tls = true", ": `tls` is a section; expected the keys inside it"),
        ("database = 5", ": `database`: invalid type: integer `5`, expected a string"),
        ("listen = ''\n", r#": `listen` is ""; expected an address with a port"#),
        ("data_dir = 'x'\n\nlisten = \n", ", line 3: "),
        ("database_file = 5", ": `database_file`: expected the path of a file"),
    ]
    .into_iter()
    .enumerate()
    {
        let told = told(file_only(&format!("mistake-{nr}"), text));
        assert!(told.contains(&format!("magpie.toml{words}")), "{text}: {told}");
    }
    let missing = told(Config::load(Some(Path::new("/no/such.toml")), std::iter::empty(), &[]));
    assert!(missing.starts_with("cannot read /no/such.toml"), "{missing}");
}

#[test]
fn a_mistake_in_a_flag_is_named() {
    let told = told(Config::load(None, std::iter::empty(), &pairs(&[("log.levle", "info")])));
    assert_eq!(told, r#"--set log.levle: unknown key "log.levle"; did you mean `log.level`?"#);
}

#[test]
fn values_must_fit_together() {
    for (given, words) in [
        (&[("MAGPIE__LIMITS__CONNECTIONS", "0")][..], "`limits.connections` is 0; expected 1 to 1000000"),
        (
            &[("MAGPIE__LIMITS__REQUEST_HEADER_BYTES", "8191")],
            "`limits.request_header_bytes` is 8191; expected 8192 to",
        ),
        (
            &[("MAGPIE__TLS__CERTS", "a,b"), ("MAGPIE__TLS__KEYS", "a")],
            "`tls.certs` names 2 files and `tls.keys` 1",
        ),
        (&[("MAGPIE__TLS__LISTEN", "127.0.0.1:1")], "`tls.listen` is set; expected a file in `tls.certs`"),
        (&[("MAGPIE__DATABASE", "mysql://ann:tea@db/chat")], "`database` is no address of a database"),
        (&[("MAGPIE__DATA_DIR", "")], "`data_dir` is empty"),
        (&[("MAGPIE__LOG__LEVEL", "loud=very")], r#"`log.level` is "loud=very"; expected off, error"#),
        (
            &[
                ("MAGPIE__TLS__LISTEN", "127.0.0.1:9000"),
                ("MAGPIE__TLS__CERTS", "a"),
                ("MAGPIE__TLS__KEYS", "a"),
            ],
            "`tls.listen` and `listen` are both 127.0.0.1:9000",
        ),
    ] {
        let told = told(env_only(given));
        assert!(told.starts_with(words), "{given:?}: {told}");
    }
    for at_the_limit in ["1", "1000000"] {
        env_only(&[("MAGPIE__LIMITS__CONNECTIONS", at_the_limit)]).unwrap();
    }
}

#[test]
fn a_password_is_never_shown() {
    for (address, shown) in [
        ("postgres://ann:secret@db/chat", "postgres://ann:***@db/chat"),
        ("postgres://ann:se/cr@et@db:5432/chat", "postgres://ann:***@db:5432/chat"),
        ("postgres://ann@db/chat?password=secret&x=1", "postgres://ann@db/chat?password=***&x=1"),
        ("postgres://db/chat", "postgres://db/chat"),
    ] {
        let config = env_only(&[("MAGPIE__DATABASE", address)]).unwrap();
        let line = format!("database = {shown:?}");
        assert!(config.summary().contains(&line), "{:?}", config.summary());
        let debug = format!("{config:?}");
        assert!(!debug.contains("secret") && !debug.contains("cr@et"), "{debug}");
    }
    let told = told(file_only("broken-secret", "database = \"postgres://ann:secret@db/chat\n"));
    assert!(told.contains("line 1") && !told.contains("secret@"), "{told}");
}

#[test]
fn a_store_of_objects_needs_all_its_keys() {
    let endpoint = ("MAGPIE__S3__ENDPOINT", "http://127.0.0.1:1");
    let (bucket, id) = (("MAGPIE__S3__BUCKET", "pictures"), ("MAGPIE__S3__KEY_ID", "ann"));
    let key = ("MAGPIE__S3__KEY", "cr@et");
    for (given, words) in [
        (&[endpoint][..], "`s3.bucket` is \"\"; expected 3 to 63"),
        (&[endpoint, ("MAGPIE__S3__BUCKET", "../x"), id, key], "`s3.bucket` is \"../x\""),
        (&[endpoint, bucket, key], "`s3.endpoint` is set; expected `s3.key_id` too"),
        (&[endpoint, bucket, id], "`s3.endpoint` is set; expected `s3.key` too"),
    ] {
        let told = told(env_only(given));
        assert!(told.starts_with(words), "{given:?}: {told}");
    }
    let config = env_only(&[endpoint, bucket, id, key]).unwrap();
    assert!(config.summary().contains(&"s3.key = \"***\"".to_owned()), "{:?}", config.summary());
}

#[test]
fn the_summary_names_every_key() {
    let summary = Config::default().summary();
    for line in [
        "connections = 18000",
        "tls.listen = (none)",
        "tls.certs = []",
        r#"log.format = "human""#,
        r#"database = """#,
    ] {
        assert!(summary.iter().any(|it| it.ends_with(line)), "{line} in {summary:#?}");
    }
    for (key, ..) in RANGES {
        assert!(summary.iter().any(|it| it.starts_with(key)), "{key} has a range and is a key");
    }
}

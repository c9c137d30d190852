//! What goes in comes out, and what does not fit is refused alike.

use super::{Engine, on_both_engines};
use crate::{StoreError, Value, params};

on_both_engines! {
    values_come_back_as_they_went_in
    null_fits_every_column
    parameters_may_repeat_and_come_in_any_order
    text_with_nul_is_refused_before_the_database_sees_it
    wrong_numbers_of_parameters_are_refused
    rows_name_what_does_not_fit
}

async fn values_come_back_as_they_went_in(it: Engine) {
    let texts = ["", "plain", "中文 🦜 e\u{301}", "\u{10ffff}", "'; drop table t; --", "\u{1}"];
    let blobs: [&[u8]; 4] = [b"", b"\0", b"\xff\0\xfe", &[7; 70_000]];
    let ints = [0, 1, -1, i64::MAX, i64::MIN, i64::from(u32::MAX)];
    let cases: Vec<Value> = texts
        .map(Value::from)
        .into_iter()
        .chain(blobs.map(Value::from))
        .chain(ints.map(Value::from))
        .chain([Value::Null, Value::from(true), Value::from(None::<&str>), Value::from(Some(5_i64))])
        .collect();
    for value in cases {
        let given = value.clone();
        let found = it
            .db
            .write(0, move |tx| {
                let sql = match &value {
                    Value::Text(_) => "insert into t (k, v) values (1, $1) returning v",
                    Value::Blob(_) => "insert into t (k, b) values (1, $1) returning b",
                    Value::Int(_) | Value::Null => {
                        "insert into t (k, v) values (1, 'x') returning cast($1 as bigint)"
                    }
                };
                let row = tx.row(sql, &[value])?;
                tx.exec("delete from t", &[])?;
                Ok::<_, StoreError>(row)
            })
            .await;
        assert_eq!(found, Ok(Some(crate::Row::new(vec![given]))));
    }
}

async fn null_fits_every_column(it: Engine) {
    let row = it.db.write(0, |tx| {
        tx.exec("insert into t (k, v, b) values ($1, $2, $3)", params![1, None::<&str>, None::<Vec<u8>>])?;
        tx.exec(
            "update t set k = coalesce($1, k), v = $2, b = $3",
            params![None::<i64>, None::<i64>, None::<&str>],
        )?;
        tx.row("select k, v, b, v is null and b is null from t where v is null", &[])
    });
    let row = row.await.unwrap().unwrap();
    assert_eq!((row.int(0), row.opt_text(1), row.opt_int(2), row.int(3)), (Ok(1), Ok(None), Ok(None), Ok(1)));
}

async fn parameters_may_repeat_and_come_in_any_order(it: Engine) {
    let found = it.db.write(0, |tx| {
        tx.exec("insert into t (v, k, b) values ($3, $2, $1)", params![&b"bytes"[..], 7, "text"])?;
        tx.row("select v from t where k = $2 and (v = $1 or v = $1 || 'x') limit $3", params!["text", 7, 1])
    });
    assert_eq!(found.await.unwrap().unwrap().text(0), Ok("text"));
}

async fn text_with_nul_is_refused_before_the_database_sees_it(it: Engine) {
    let refused = it.db.write(0, |tx| tx.exec("insert into t (k, v) values (1, $1)", params!["a\0b"]));
    assert_eq!(refused.await, Err(StoreError::NulInText));
    let refused = it.db.read(|tx| tx.rows("select k from t where v = $1", params!["\0"]));
    assert_eq!(refused.await, Err(StoreError::NulInText));
}

async fn wrong_numbers_of_parameters_are_refused(it: Engine) {
    for params in [params![], params![1, "one", "more"]] {
        let params = params.to_vec();
        let refused = it.db.write(0, move |tx| tx.exec("insert into t (k, v) values ($1, $2)", &params));
        assert!(matches!(refused.await, Err(StoreError::Shape(_))));
    }
    let fits = it.db.write(0, |tx| tx.exec("insert into t (k, v) values ($1, $2)", params![1, "one"]));
    assert_eq!(fits.await, Ok(1));
}

async fn rows_name_what_does_not_fit(it: Engine) {
    let row = it.db.read(|tx| tx.row("select 1, 'text', null", &[])).await;
    let mut row = row.unwrap().unwrap();
    assert!(matches!(row.text(0), Err(StoreError::Shape(_))));
    assert!(matches!(row.int(1), Err(StoreError::Shape(_))));
    assert!(matches!(row.int(2), Err(StoreError::Shape(_))));
    assert!(matches!(row.blob(1), Err(StoreError::Shape(_))));
    assert!(matches!(row.int(3), Err(StoreError::Shape(_))));
    assert_eq!(row.take_text(1), Ok("text".to_owned()));
    let real = it.db.read(|tx| tx.rows("select 0.5", &[])).await;
    assert!(matches!(real, Err(StoreError::Shape(_))));
}

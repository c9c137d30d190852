//! Values as PostgreSQL sends and takes them.

use std::error::Error;

use bytes::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, Kind, ToSql, Type, to_sql_checked};

use crate::{Row, StoreError, Value};

type AnyError = Box<dyn Error + Sync + Send>;

/// Takes the type that the statement wants, so that null fits everywhere and integers fit every width.
impl ToSql for Value {
    fn to_sql(&self, wanted: &Type, out: &mut BytesMut) -> Result<IsNull, AnyError> {
        let wanted = match wanted.kind() {
            Kind::Domain(base) => base,
            _ => wanted,
        };
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Int(it) => match *wanted {
                Type::INT8 => it.to_sql(wanted, out),
                Type::INT4 => i32::try_from(*it)?.to_sql(wanted, out),
                Type::INT2 => i16::try_from(*it)?.to_sql(wanted, out),
                Type::BOOL => (*it != 0).to_sql(wanted, out),
                _ => Err(format!("an integer was given where {wanted} is wanted").into()),
            },
            Value::Text(it) if <&str as ToSql>::accepts(wanted) => it.to_sql(wanted, out),
            Value::Blob(it) if *wanted == Type::BYTEA => it.to_sql(wanted, out),
            Value::Text(_) => Err(format!("text was given where {wanted} is wanted").into()),
            Value::Blob(_) => Err(format!("bytes were given where {wanted} is wanted").into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(found: &Type, raw: &'a [u8]) -> Result<Value, AnyError> {
        Ok(match *found {
            Type::INT8 => Value::Int(i64::from_sql(found, raw)?),
            Type::INT4 => Value::Int(i32::from_sql(found, raw)?.into()),
            Type::INT2 => Value::Int(i16::from_sql(found, raw)?.into()),
            Type::BOOL => Value::Int(bool::from_sql(found, raw)?.into()),
            Type::BYTEA => Value::Blob(raw.to_vec()),
            Type::VOID => Value::Null,
            _ if <&str as FromSql<'_>>::accepts(found) => {
                Value::Text(<&str>::from_sql(found, raw)?.to_owned())
            }
            _ => return Err(format!("{found} is neither integer, text nor bytes").into()),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Value, AnyError> {
        Ok(Value::Null)
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

pub(crate) fn decode(row: &tokio_postgres::Row) -> Result<Row, StoreError> {
    let columns = (0..row.len()).map(|i| row.try_get::<_, Value>(i));
    let columns: Result<Vec<_>, _> = columns.collect();
    columns.map(Row::new).map_err(|_| {
        // `sum` of bigint, for one, is numeric.
        StoreError::Shape("a column is neither integer, text nor bytes; cast it")
    })
}

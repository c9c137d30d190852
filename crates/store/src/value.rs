//! Parameters and rows: null, 64-bit integer, text, bytes.

use crate::StoreError;

/// A parameter or a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Null,
    Int(i64),
    Text(String),
    Blob(Vec<u8>),
}

macro_rules! value_from {
    ($($from:ty => $variant:ident($it:ident) $value:expr;)*) => {
        $(impl From<$from> for Value {
            fn from($it: $from) -> Value {
                Value::$variant($value)
            }
        })*
    };
}

value_from! {
    i64 => Int(it) it;
    i32 => Int(it) it.into();
    u32 => Int(it) it.into();
    u16 => Int(it) it.into();
    u8 => Int(it) it.into();
    bool => Int(it) it.into();
    &str => Text(it) it.to_owned();
    &String => Text(it) it.clone();
    String => Text(it) it;
    Box<str> => Text(it) it.into_string();
    &[u8] => Blob(it) it.to_vec();
    Vec<u8> => Blob(it) it;
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(it: Option<T>) -> Value {
        it.map_or(Value::Null, Into::into)
    }
}

/// Builds a parameter list: `params![app, group_id, 1]`.
#[macro_export]
macro_rules! params {
    ($($it:expr),* $(,)?) => {
        &[$($crate::Value::from($it)),*] as &[$crate::Value]
    };
}

/// One row of a result. Columns are counted from 0; a column of another kind is [`StoreError::Shape`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row(Vec<Value>);

impl Row {
    pub fn new(columns: Vec<Value>) -> Row {
        Row(columns)
    }

    fn column(&self, i: usize) -> Result<&Value, StoreError> {
        self.0.get(i).ok_or(StoreError::Shape("the row has fewer columns"))
    }

    /// Leaves null behind.
    fn take(&mut self, i: usize) -> Result<Value, StoreError> {
        let column = self.0.get_mut(i).ok_or(StoreError::Shape("the row has fewer columns"))?;
        Ok(std::mem::replace(column, Value::Null))
    }

    pub fn int(&self, i: usize) -> Result<i64, StoreError> {
        self.opt_int(i)?.ok_or(StoreError::Shape("expected an integer, found null"))
    }

    pub fn opt_int(&self, i: usize) -> Result<Option<i64>, StoreError> {
        match self.column(i)? {
            Value::Int(it) => Ok(Some(*it)),
            Value::Null => Ok(None),
            _ => Err(StoreError::Shape("expected an integer")),
        }
    }

    pub fn text(&self, i: usize) -> Result<&str, StoreError> {
        self.opt_text(i)?.ok_or(StoreError::Shape("expected text, found null"))
    }

    pub fn opt_text(&self, i: usize) -> Result<Option<&str>, StoreError> {
        match self.column(i)? {
            Value::Text(it) => Ok(Some(it)),
            Value::Null => Ok(None),
            _ => Err(StoreError::Shape("expected text")),
        }
    }

    /// Moves the text out of the row; the column is null afterwards.
    pub fn take_text(&mut self, i: usize) -> Result<String, StoreError> {
        self.take_opt_text(i)?.ok_or(StoreError::Shape("expected text, found null"))
    }

    pub fn take_opt_text(&mut self, i: usize) -> Result<Option<String>, StoreError> {
        match self.take(i)? {
            Value::Text(it) => Ok(Some(it)),
            Value::Null => Ok(None),
            _ => Err(StoreError::Shape("expected text")),
        }
    }

    pub fn blob(&self, i: usize) -> Result<&[u8], StoreError> {
        match self.column(i)? {
            Value::Blob(it) => Ok(it),
            _ => Err(StoreError::Shape("expected bytes")),
        }
    }

    pub fn take_blob(&mut self, i: usize) -> Result<Vec<u8>, StoreError> {
        match self.take(i)? {
            Value::Blob(it) => Ok(it),
            _ => Err(StoreError::Shape("expected bytes")),
        }
    }
}

//! Writes a table as a Parquet file: <https://parquet.apache.org/docs/file-format/>.
//!
//! The format stores one column after the other in groups of rows. The rows of a group are kept as they are encoded
//! least: texts as bytes in one buffer, in which a text that repeats the one above it takes no room.

use std::io::Write;
use std::mem;
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, Int64Type};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::{Type, TypePtr};
use rollcall_connector::{Code, Error, ErrorType};

use super::{Cell, Description, Kind, Table, Tables};

/// The largest number of rows of a group: about what DuckDB gives to one thread.
const ROWS: usize = 1 << 17;

/// The size of the texts of a group after which it ends.
const BYTES: usize = 32 << 20;

/// Writes a table. Returns the number of its rows.
pub fn write_parquet(
    tables: &Tables<'_>,
    table: Table,
    out: impl Write + Send,
) -> std::result::Result<u64, Error> {
    let columns = table.columns();
    let metadata = [
        ("rollcall.sync_id", &tables.snapshot.sync().sync_id),
        ("rollcall.tenant", &tables.origin.tenant),
        ("rollcall.content_digest", &tables.origin.content_digest),
    ];
    let metadata = metadata.into_iter().filter(|(_, value)| !value.is_empty());
    let metadata = metadata.map(|(key, value)| KeyValue::new(key.to_owned(), value.clone()));
    let mut file =
        File::begin(table.name(), &columns, metadata.collect(), out).map_err(not_written)?;
    tables.rows(table, |cells| file.row(cells).map_err(not_written))?;
    file.finish().map_err(not_written)
}

/// A file that is being written.
struct File<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    columns: Vec<Column>,
    /// Rows in `columns`, and in the file.
    rows: usize,
    written: u64,
}

/// The rows of a group, of one column.
struct Column {
    /// For each row, whether it has a value.
    levels: Vec<i16>,
    values: Values,
}

/// The values of a column, without those that are `None`.
enum Values {
    Texts {
        bytes: Vec<u8>,
        /// The beginning of each text in `bytes`, and its length.
        places: Vec<(usize, usize)>,
    },
    Flags(Vec<bool>),
    Times(Vec<i64>),
}

impl<W: Write + Send> File<W> {
    fn begin(name: &str, columns: &[Description], metadata: Vec<KeyValue>, out: W) -> Result<Self> {
        let fields = columns.iter().map(|column| Ok(Arc::new(field(column)?)));
        let fields: Result<Vec<TypePtr>> = fields.collect();
        let schema = Type::group_type_builder(name).with_fields(fields?).build()?;
        let properties = WriterProperties::builder()
            .set_created_by(format!("rollcall version {}", env!("CARGO_PKG_VERSION")))
            .set_key_value_metadata(Some(metadata))
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            // By default, a column with many different texts would lose its dictionary: names and ids repeat often.
            .set_dictionary_page_size_limit(BYTES);
        let writer =
            SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties.build()))?;
        let columns = columns.iter().map(|column| Column::new(column.kind)).collect();
        Ok(Self { writer, columns, rows: 0, written: 0 })
    }

    fn row(&mut self, cells: &[Option<Cell<'_>>]) -> Result<()> {
        let mut bytes = 0;
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            bytes += column.push(cell.as_ref())?;
        }
        self.rows += 1;
        match self.rows == ROWS || bytes >= BYTES {
            true => self.end_group(),
            false => Ok(()),
        }
    }

    /// Writes the rows so far as a group.
    fn end_group(&mut self) -> Result<()> {
        let mut group = self.writer.next_row_group()?;
        for column in &mut self.columns {
            if let Some(mut writer) = group.next_column()? {
                column.write(&mut writer)?;
                writer.close()?;
            }
        }
        group.close()?;
        self.written += self.rows as u64;
        self.rows = 0;
        Ok(())
    }

    fn finish(mut self) -> Result<u64> {
        if self.rows > 0 {
            self.end_group()?;
        }
        self.writer.finish()?;
        Ok(self.written)
    }
}

/// A column of the schema. All may be empty: a later version can add some.
fn field(column: &Description) -> Result<Type> {
    let (physical, logical) = match column.kind {
        Kind::Text | Kind::Json => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Flag => (Physical::BOOLEAN, None),
        Kind::Time => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MILLIS))),
    };
    Type::primitive_type_builder(column.name, physical)
        .with_logical_type(logical)
        .with_repetition(Repetition::OPTIONAL)
        .build()
}

impl Column {
    fn new(kind: Kind) -> Self {
        let values = match kind {
            Kind::Text | Kind::Json => Values::Texts { bytes: Vec::new(), places: Vec::new() },
            Kind::Flag => Values::Flags(Vec::new()),
            Kind::Time => Values::Times(Vec::new()),
        };
        Self { levels: Vec::new(), values }
    }

    /// Adds the value of a row. Returns the size of the texts so far, in bytes.
    fn push(&mut self, cell: Option<&Cell<'_>>) -> Result<usize> {
        self.levels.push(cell.is_some().into());
        match (&mut self.values, cell) {
            (_, None) => {}
            (Values::Flags(flags), Some(Cell::Flag(flag))) => flags.push(*flag),
            (Values::Times(times), Some(Cell::Time(time))) => times.push(time.as_millisecond()),
            (Values::Texts { bytes, places }, Some(Cell::Text(text))) => add(bytes, places, text),
            (Values::Texts { bytes, places }, Some(Cell::Json(value))) => {
                add(bytes, places, &value.to_string());
            }
            _ => {
                return Err(ParquetError::General(
                    "a cell has another type than its column".into(),
                ));
            }
        }
        match &self.values {
            Values::Texts { bytes, .. } => Ok(bytes.len()),
            _ => Ok(0),
        }
    }

    /// Writes and removes the values.
    fn write(&mut self, writer: &mut SerializedColumnWriter<'_>) -> Result<()> {
        let levels = mem::take(&mut self.levels);
        match &mut self.values {
            Values::Texts { bytes, places } => {
                let all = ByteArray::from(mem::take(bytes));
                let places = mem::take(places).into_iter();
                let texts: Vec<_> = places.map(|(start, len)| all.slice(start, len)).collect();
                writer.typed::<ByteArrayType>().write_batch(&texts, Some(&levels), None)?;
            }
            Values::Flags(flags) => {
                writer.typed::<BoolType>().write_batch(&mem::take(flags), Some(&levels), None)?;
            }
            Values::Times(times) => {
                writer.typed::<Int64Type>().write_batch(&mem::take(times), Some(&levels), None)?;
            }
        }
        Ok(())
    }
}

/// Adds a text, unless it repeats the last one.
fn add(bytes: &mut Vec<u8>, places: &mut Vec<(usize, usize)>, text: &str) {
    let last = places.last().copied();
    let repeated = last.filter(|(start, len)| bytes[*start..start + len] == *text.as_bytes());
    places.push(repeated.unwrap_or((bytes.len(), text.len())));
    if repeated.is_none() {
        bytes.extend_from_slice(text.as_bytes());
    }
}

fn not_written(e: ParquetError) -> Error {
    Error::new(
        ErrorType::Misconfigured,
        Code::TableNotWritten,
        "a table could not be written",
        "Check that the folder can be written and that its disk has enough free space. In AWS, give the function more ephemeral storage.",
    )
    .with_source(e)
}

#[cfg(test)]
mod tests {
    use parquet::file::reader::{FileReader, SerializedFileReader};

    use super::*;

    #[test]
    fn rows_are_in_groups_of_bounded_size() {
        let many = ["same", "same", "other"].repeat(ROWS / 3 + 1);
        let large = "x".repeat(BYTES / 2);
        for (texts, expected) in [
            (many.as_slice(), vec![ROWS, many.len() - ROWS]),
            (&[&*large, "y", &large, "y"], vec![3, 1]),
            (&[], vec![]),
        ] {
            let columns = [("text", Kind::Text), ("flag", Kind::Flag), ("none", Kind::Time)];
            let columns = columns.map(|(name, kind)| Description { name, kind, doc: "" });
            let mut file = tempfile::tempfile().expect("a file");
            let mut writer = File::begin("t", &columns, vec![], &mut file).expect("begun");
            for text in texts {
                let cells = [Some(Cell::Text(text)), Some(Cell::Flag(*text == "same")), None];
                writer.row(&cells).expect("written");
            }
            assert_eq!(writer.finish().expect("finished"), texts.len() as u64);
            let reader = SerializedFileReader::new(file).expect("Parquet");
            let groups = reader.metadata().row_groups().iter().map(|g| g.num_rows() as usize);
            assert_eq!(groups.collect::<Vec<_>>(), expected);
            let mut rows = reader.get_row_iter(None).expect("rows");
            assert!(texts.iter().all(|text| {
                use parquet::record::RowAccessor;
                let row = rows.next().expect("a row").expect("readable");
                let flag = row.get_bool(1).expect("a flag");
                row.get_string(0).expect("a text") == text && flag == (*text == "same")
            }));
        }
    }

    #[test]
    fn a_cell_of_another_type_is_an_error() {
        let columns = [Description { name: "flag", kind: Kind::Flag, doc: "" }];
        let mut writer = File::begin("t", &columns, vec![], Vec::new()).expect("begun");
        assert!(writer.row(&[Some(Cell::Text("true"))]).is_err());
    }
}

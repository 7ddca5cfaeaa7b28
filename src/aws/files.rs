//! Files that a person names: read whole within a bound, and written whole or not at all.

use std::fs::{self, File, FileType, OpenOptions};
use std::io::{Error, Read as _, Seek, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// Bytes that a document of settings may have. The embedded book has some 0.3 MB; what is larger is
/// something else, and would take too much of the memory of a function.
pub const MOST_OF_A_DOCUMENT: u64 = 5_000_000;

/// Bytes that a file with an event may have: the most that Lambda takes as the payload of a call, so
/// that no event runs here that would not run there.
pub const MOST_OF_AN_EVENT: u64 = 6_000_000;

/// Bytes that a saved observation may have. A metric with hours and minutes takes some 0.2 MB, so this is
/// an account with five thousand of them; ten times that does not fit into the memory of a laptop once
/// it is read.
pub const MOST_OF_AN_OBSERVATION: u64 = 1_000_000_000;

/// Bytes that an offer file of the AWS Price List, or a list of figures, may have. A price takes up to
/// 2 kB there, so this is a file with 150,000 of them; in memory they take ten times the bytes.
pub const MOST_OF_A_PRICE_LIST: u64 = 300_000_000;

/// Folders of what the system says of itself: processes with their variables, kernel and devices.
const OF_THE_SYSTEM: [&str; 3] = ["/proc", "/sys", "/dev"];

/// Fault of a text that a person names.
#[derive(Debug, thiserror::Error)]
pub enum FileFault {
    /// The system refuses the file.
    #[error(transparent)]
    Refused(#[from] std::io::Error),
    /// The name is of something that has no end, or none that can be known.
    #[error("it is {0} and not a regular file: copy what is in it into a file, and name that")]
    NotAFile(&'static str),
    /// The name leads to where the system describes itself.
    #[error("it leads into {0}, where the system describes itself: name a file of your own")]
    OfTheSystem(&'static str),
    /// There is more of it than a text of its kind can have; the bound in bytes.
    #[error("it has more than {} MB, so it is not what is read here: name another", .0 / 1_000_000)]
    TooLarge(u64),
    /// The bytes are no text; the place of the first that is none, from 0.
    #[error("it is not text in UTF-8 from byte {0} on: save it as UTF-8, or name another")]
    NotText(usize),
}

/// Reads a file of text with at most so many bytes.
pub fn read_text(path: &Path, most: u64) -> Result<String, FileFault> {
    let mut bytes = Vec::new();
    // By what is read and not by the length: a file can grow.
    open_text(path, most)?.take(most + 1).read_to_end(&mut bytes)?;
    text(bytes, most)
}

/// Opens a file of text that has at most so many bytes. What is no regular file is not opened, so that
/// nothing waits for a pipe.
pub fn open_text(path: &Path, most: u64) -> Result<File, FileFault> {
    let path = fs::canonicalize(path)?;
    let metadata = fs::metadata(&path)?;
    if !metadata.is_file() {
        return Err(FileFault::NotAFile(kind(metadata.file_type())));
    }
    // A file there says that it is a regular one, and has a length of 0.
    if let Some(root) = OF_THE_SYSTEM.into_iter().find(|root| path.starts_with(root)) {
        return Err(FileFault::OfTheSystem(root));
    }
    if metadata.len() > most {
        return Err(FileFault::TooLarge(most));
    }
    Ok(File::open(&path)?)
}

/// Returns bytes as text, if there are at most so many of them.
pub fn text(bytes: Vec<u8>, most: u64) -> Result<String, FileFault> {
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > most {
        return Err(FileFault::TooLarge(most));
    }
    String::from_utf8(bytes).map_err(|error| FileFault::NotText(error.utf8_error().valid_up_to()))
}

/// Names a kind of entry of a folder, with its article.
fn kind(kind: FileType) -> &'static str {
    if kind.is_dir() {
        return "a folder";
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        if kind.is_fifo() {
            return "a pipe";
        }
        if kind.is_socket() {
            return "a socket";
        }
    }
    "a device"
}

/// The people who may read a file that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// Its owner alone, also where a file was there that others could read: it has account data.
    Owner,
    /// Whoever the system lets read new files.
    Anyone,
}

/// Writes a file whole or not at all: one that is there is not lost to a full disk.
pub fn write_whole(path: &Path, text: &str, readers: Readers) -> std::io::Result<()> {
    WrittenFile::beside(path, readers, |out| out.write_all(text.as_bytes()))?.put_in_place()
}

/// A file that is written to its end beside the one that was named, and leaves nothing unless it is put in place.
#[derive(Debug)]
pub struct WrittenFile {
    /// Its name so far, and the one that was named; `None` where nothing is left to do.
    names: Option<[PathBuf; 2]>,
}

impl WrittenFile {
    /// Writes by what writes into it.
    fn beside(
        path: &Path,
        readers: Readers,
        write: impl FnOnce(&mut File) -> std::io::Result<()>,
    ) -> std::io::Result<Self> {
        // A link that leads to a file stays one, and that file is the one that was named.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        // A device is written through: a file in its place would not be what was named. A pipe would wait
        // for somebody to read.
        if let Ok(target) = fs::metadata(&path)
            && !target.is_file()
        {
            return match kind(target.file_type()) {
                "a device" => {
                    write(&mut OpenOptions::new().write(true).open(path)?)?;
                    Ok(Self { names: None })
                }
                other => Err(Error::other(format!("it is {other} and not a file: name a file"))),
            };
        }
        let beside = with_suffix(&path, ".part");
        // What an earlier writing left behind is of no use.
        let _ = fs::remove_file(&beside);
        let mut file = create_new(&beside, readers)?;
        let written = Self { names: Some([beside, path]) };
        write(&mut file)?;
        Ok(written)
    }

    /// Puts the file in the place of the one that was named.
    pub fn put_in_place(mut self) -> std::io::Result<()> {
        if let Some([beside, path]) = &self.names {
            fs::rename(beside, path)?;
        }
        self.names = None;
        Ok(())
    }
}

impl Drop for WrittenFile {
    fn drop(&mut self) {
        if let Some([beside, _]) = &self.names {
            // Half a file is of no use. If it cannot be removed either, the first fault says why.
            let _ = fs::remove_file(beside);
        }
    }
}

/// Store of a spool.
trait Store: std::io::Read + std::io::Write + Seek + Send {}

impl<T: std::io::Read + std::io::Write + Seek + Send> Store for T {}

/// Texts on the way into a file, kept beside it in the order in which they come: they may be more than memory
/// holds.
pub struct Spool {
    path: PathBuf,
    store: Box<dyn Store>,
    end: u64,
}

/// Place of a text in a spool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spooled {
    start: u64,
    length: u64,
}

/// Piece of a file that is written from a spool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Text of its own.
    Text(String),
    /// Text in the spool.
    Spooled(Spooled),
}

impl Spool {
    /// Begins beside a file, for its owner alone; in memory where a device is written to.
    pub fn beside(path: &Path) -> std::io::Result<Self> {
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if fs::metadata(&path).is_ok_and(|target| !target.is_file()) {
            let store = Box::new(std::io::Cursor::new(Vec::new()));
            return Ok(Self { path, store, end: 0 });
        }
        // What is there is somebody's.
        let names = (0..100).map(|number| with_suffix(&path, &format!(".spool{number}")));
        for name in names {
            match create_new(&name, Readers::Owner) {
                Ok(file) => {
                    // Nobody else needs it, and so nothing of it stays, however the program ends.
                    fs::remove_file(&name)?;
                    return Ok(Self { path, store: Box::new(file), end: 0 });
                }
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::other("there is no name for a file beside it"))
    }

    /// Adds the text that is written by what writes.
    pub fn add(
        &mut self,
        write: impl FnOnce(&mut dyn std::io::Write) -> std::io::Result<()>,
    ) -> std::io::Result<Spooled> {
        self.store.seek(SeekFrom::Start(self.end))?;
        let mut out = std::io::BufWriter::new(&mut self.store);
        write(&mut out)?;
        out.flush()?;
        drop(out);
        let end = self.store.stream_position()?;
        let spooled = Spooled { start: self.end, length: end - self.end };
        self.end = end;
        Ok(spooled)
    }

    /// Writes a file of some pieces, to be put in its place.
    pub fn write(mut self, pieces: &[Piece]) -> std::io::Result<WrittenFile> {
        WrittenFile::beside(&self.path, Readers::Owner, |out| {
            for piece in pieces {
                match piece {
                    Piece::Text(text) => out.write_all(text.as_bytes())?,
                    Piece::Spooled(text) => {
                        self.store.seek(SeekFrom::Start(text.start))?;
                        std::io::copy(&mut (&mut self.store).take(text.length), out)?;
                    }
                }
            }
            Ok(())
        })
    }
}

/// Adds a suffix to the name of a file.
fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Creates a file that was not there, so that nobody has it open who could not read it later.
fn create_new(path: &Path, readers: Readers) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    if readers == Readers::Owner {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    #[test]
    fn a_text_has_at_most_so_many_bytes() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("text");
        fs::write(&path, "12345").unwrap();
        assert_eq!(read_text(&path, 5).unwrap(), "12345");
        assert!(matches!(read_text(&path, 4), Err(FileFault::TooLarge(4))));
        fs::write(&path, b"12\xff").unwrap();
        assert!(matches!(read_text(&path, 5), Err(FileFault::NotText(2))));
    }

    #[test]
    fn what_is_spooled_is_written_in_any_order_and_leaves_nothing() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("text");
        for order in [&[0, 1, 2][..], &[2, 0, 1], &[]] {
            let mut spool = Spool::beside(&path).unwrap();
            let texts: Vec<Spooled> = ["one", "two", "three"]
                .map(|text| spool.add(|out| out.write_all(text.as_bytes())).unwrap())
                .into();
            let mut pieces = vec![Piece::Text("[".into())];
            pieces.extend(order.iter().map(|place| Piece::Spooled(texts[*place])));
            pieces.push(Piece::Text("]".into()));
            spool.write(&pieces).unwrap().put_in_place().unwrap();
            let words: Vec<&str> =
                order.iter().map(|place| ["one", "two", "three"][*place]).collect();
            assert_eq!(fs::read_to_string(&path).unwrap(), format!("[{}]", words.concat()));
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        }
    }

    #[test]
    fn what_is_written_is_put_in_its_place_last_or_leaves_nothing() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("text");
        fs::write(&path, "before").unwrap();
        let written = || Spool::beside(&path).unwrap().write(&[Piece::Text("[]".into())]).unwrap();
        let waiting = written();
        assert_eq!(fs::read_to_string(&path).unwrap(), "before");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
        drop(waiting);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let waiting = written();
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(waiting.put_in_place().is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_failed_writing_leaves_what_was_there_and_nothing_else() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("text");
        fs::write(&path, "before").unwrap();
        // A folder in the way of the file beside.
        fs::create_dir_all(folder.path().join("text.part/full")).unwrap();
        assert!(write_whole(&path, "after", Readers::Owner).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "before");
        fs::remove_dir_all(folder.path().join("text.part")).unwrap();
        write_whole(&path, "after", Readers::Owner).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "after");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

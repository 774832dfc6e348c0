internal import Testing

/// The whole path for real: built binaries, TLS, PostgreSQL, and the traces beside the project.
///
/// One test at a time: each runs several processes, and two of them would only slow each other down.
@Suite(.serialized) struct EndToEndTests {}

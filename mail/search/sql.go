package search

import "haven/platform/db"

// Schema is what the index keeps in the main database. Beside it the index uses three tables of package mailbox:
// index_todo, whose rows come into being in the commits that file and expunge mail; and, to fill index_todo anew,
// message and placement.
//
// search_state has one row. mark names the index that belongs to this database. Messages above filled and up to
// upto are not in index_todo yet although they may lack in the index: a rebuild is under way.
//
// index_documents has a row for each message that is indexed, but for the text inside its documents.
var Schema = db.Schema{Concept: "search", Steps: []string{`
CREATE TABLE search_state (
	n {int} NOT NULL PRIMARY KEY,
	version {int} NOT NULL,
	mark {text} NOT NULL,
	filled {int} NOT NULL,
	upto {int} NOT NULL
);
`, `
CREATE TABLE index_documents (
	msg {int} NOT NULL PRIMARY KEY,
	an {int} NOT NULL
);
`}}

// fileSchema is the index on SQLite: a file of its own, and in it a full-text table that keeps no text. Tokens come ready
// made and parted by spaces. detail=none: only which messages have a token, not where.
var fileSchema = db.Schema{Concept: "searchindex", Steps: []string{`
CREATE TABLE index_mark (
	n {int} NOT NULL PRIMARY KEY,
	mark {text} NOT NULL
);
CREATE VIRTUAL TABLE index_word USING fts5(tokens, content='', contentless_delete=1, detail=none, tokenize='ascii');
INSERT INTO index_word (index_word, rank) VALUES ('hashsize', 16777216);
`}}

// tableSchema is the index on PostgreSQL. The array stands outside the row, uncompressed, since hashes don't compress and a
// query reads only the row. New rows wait in a list of up to 32 MiB, so that they go into the tree sorted; the worker
// empties it once nothing more waits, since every query reads that list.
var tableSchema = db.Schema{Concept: "searchindex", Steps: []string{`
CREATE TABLE index_word (
	msg {int} NOT NULL PRIMARY KEY,
	an {int} NOT NULL,
	tokens BIGINT[] NOT NULL
);
ALTER TABLE index_word ALTER COLUMN tokens SET STORAGE EXTERNAL;
ALTER TABLE index_word ALTER COLUMN tokens SET STATISTICS 0;
CREATE INDEX index_word_tokens ON index_word USING gin (tokens) WITH (gin_pending_list_limit = 32768);
`}}

// Main database, both engines.
const (
	sqlState    = `SELECT version, mark, filled, upto FROM search_state WHERE n = 1`
	sqlSetState = `INSERT INTO search_state (n, version, mark, filled, upto) VALUES (1, $1, $2, $3, $4)
		ON CONFLICT (n) DO UPDATE SET version = excluded.version, mark = excluded.mark, filled = excluded.filled, upto = excluded.upto`
	sqlForgetState = `DELETE FROM search_state`
	sqlNewest      = `SELECT COALESCE(MAX(id), 0) FROM message`
	sqlFillEnd     = `SELECT COALESCE(MAX(id), 0) FROM (SELECT id FROM message WHERE id > $1 AND id <= $2 ORDER BY id LIMIT $3) AS step`
	sqlFill        = `INSERT INTO index_todo (msg, an, gone)
		SELECT m.id, m.an, 0 FROM message m WHERE m.id > $1 AND m.id <= $2
		AND EXISTS (SELECT 1 FROM placement p WHERE +p.an = m.an AND p.msg = m.id)
		ON CONFLICT (msg) DO NOTHING`
	sqlSetFilled      = `UPDATE search_state SET filled = $1 WHERE n = 1 AND mark = $2`
	sqlTodo           = `SELECT msg, an, gone FROM index_todo ORDER BY msg DESC LIMIT $1`
	sqlOldestTodo     = `SELECT msg FROM index_todo WHERE msg >= $1 AND gone = 0 ORDER BY msg LIMIT 1`
	sqlTodoDone       = `DELETE FROM index_todo WHERE msg = $1 AND gone = $2`
	sqlDocumentsEmpty = `DELETE FROM index_documents`
	sqlDocumentsPut   = `INSERT INTO index_documents (msg, an) VALUES ($1, $2) ON CONFLICT (msg) DO NOTHING`
	sqlDocumentsDone  = `DELETE FROM index_documents WHERE msg = $1`
	sqlDocuments      = `SELECT msg, an FROM index_documents ORDER BY msg DESC LIMIT $1`
	sqlDocumentsWait  = `SELECT msg FROM index_documents WHERE msg = $1`
	sqlBehind         = `SELECT COUNT(*), COALESCE(MIN(msg), 0) FROM index_todo WHERE gone = 0`
	sqlBehindInside   = `SELECT COUNT(*), COALESCE(MIN(msg), 0) FROM index_documents`
	sqlUnread         = `SELECT msg FROM index_todo WHERE an = $1 AND gone = 0 AND msg BETWEEN $2 AND $3 ORDER BY msg`
)

// The index on SQLite.
const (
	sqlFileMark    = `SELECT mark FROM index_mark WHERE n = 1`
	sqlSetFileMark = `INSERT INTO index_mark (n, mark) VALUES (1, $1) ON CONFLICT (n) DO UPDATE SET mark = excluded.mark`
	sqlFilePut     = `INSERT OR REPLACE INTO index_word (rowid, tokens) VALUES ($1, $2)`
	sqlFileRemove  = `DELETE FROM index_word WHERE rowid = $1`
	sqlFileFind    = `SELECT rowid FROM index_word WHERE index_word MATCH $1 AND rowid BETWEEN $2 AND $3 ORDER BY rowid`
)

// The index on PostgreSQL. Lists of tokens are written as text, since a parameter is no array.
const (
	sqlTablePut = `INSERT INTO index_word (msg, an, tokens) VALUES ($1, $2, CAST(CAST($3 AS TEXT) AS BIGINT[]))
		ON CONFLICT (msg) DO UPDATE SET an = excluded.an, tokens = excluded.tokens`
	sqlTableRemove = `DELETE FROM index_word WHERE msg = $1`
	sqlTableLock   = `LOCK TABLE index_word IN ACCESS SHARE MODE`
	sqlTableEmpty  = `TRUNCATE index_word`
	sqlTableTidy   = `SELECT gin_clean_pending_list('index_word_tokens')`
	// The planner takes reading the whole table for cheap, since it doesn't see what arrays outside the rows cost.
	sqlTableNoScan = `SET LOCAL enable_seqscan = off`
	sqlTableFind   = `SELECT msg FROM index_word WHERE an = $1 AND msg + 0 BETWEEN $2 AND $3` // and a condition per word; + 0: not by msg
)

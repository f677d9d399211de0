package directory

import "haven/platform/db"

// Schema is the index of words and the count of searches. It comes after the tables of accounts, organisations, shared mailboxes and profiles, which
// hold what the directory shows and fill the list of accounts to be indexed. directory_entry remembers which rows of directory_word an entry has, and how many;
// 0: they are to be written anew (Rebuild).
var Schema = db.Schema{Concept: "directory", Steps: []string{`
CREATE TABLE directory_entry (no {int} PRIMARY KEY REFERENCES account (no), words {text} NOT NULL, rows {int} NOT NULL);
CREATE TABLE directory_word (
	word {text} NOT NULL, part {int} NOT NULL, no {int} NOT NULL, PRIMARY KEY (word, part, no)) {norowid};
CREATE TABLE directory_use (
	person {int} NOT NULL REFERENCES account (no), day {int} NOT NULL, searches {int} NOT NULL, PRIMARY KEY (person, day)) {norowid}`,
}}

const (
	// What an entry is made of. These six read tables of other concepts, and are the only ones that do.
	sqlFacts = `SELECT a.no, a.id, a.kind, a.state, a.display, COALESCE(x.local, ''), COALESCE(x.domain, ''), COALESCE(f.job, ''),
		COALESCE(f.telephone, ''), COALESCE(s.name, ''), COALESCE(s.place, ''), COALESCE(s.code, ''), COALESCE(s.about, '')
		FROM account a LEFT JOIN address x ON x.no = a.no AND x.role = 1 LEFT JOIN profile f ON f.no = a.no
		LEFT JOIN shared_mailbox s ON s.an = a.no WHERE a.no IN ` + db.Among
	// Not joined: for a few people PostgreSQL would read all organisations to do so.
	sqlPosts      = `SELECT person, role, since, until, organisation FROM post WHERE person IN ` + db.Among + ` ORDER BY person, since, organisation, role`
	sqlBoxes      = `SELECT an, organisation FROM shared_mailbox WHERE an IN ` + db.Among
	sqlPlaces     = `SELECT id, kind, COALESCE(code, ''), name, place, line1, line2, line3, line4, line5, postcode, telephone FROM organisation WHERE id IN ` + db.Among
	sqlNumber     = `SELECT no FROM account WHERE id = $1`
	sqlColleagues = `SELECT p.person FROM post p WHERE p.organisation = $1 AND p.since <= $2 AND (p.until = 0 OR p.until > $2)
		UNION SELECT s.an FROM shared_mailbox s WHERE s.organisation = $1 LIMIT $3`

	sqlWords     = `SELECT no, words, rows FROM directory_entry WHERE no IN ` + db.Among
	sqlPutEntry  = `INSERT INTO directory_entry (no, words, rows) VALUES ($1, $2, $3) ON CONFLICT (no) DO UPDATE SET words = excluded.words, rows = excluded.rows`
	sqlDropEntry = `DELETE FROM directory_entry WHERE no = $1`
	sqlPutWord   = `INSERT INTO directory_word (word, part, no) VALUES ($1, $2, $3) ON CONFLICT (word, part, no) DO NOTHING`
	sqlDropWord  = `DELETE FROM directory_word WHERE word = $1 AND part = $2 AND no = $3`

	// A search looks through the rows of its rarest word, some of them, and asks of each entry whether it has the others.
	sqlCount = `SELECT COUNT(*) FROM (SELECT 1 FROM directory_word WHERE word >= $1 AND word < $2 LIMIT $3) c`
	sqlFind  = `SELECT c.no FROM (SELECT word, part, no FROM directory_word WHERE word >= $1 AND word < $2
		ORDER BY word, part, no LIMIT $3) c`
	sqlFindWhose = ` JOIN directory_entry e ON e.no = c.no WHERE 1 = 1`
	sqlFindAlso  = ` AND e.words LIKE $%d`
	sqlFindMost  = ` LIMIT $4`

	sqlUse = `INSERT INTO directory_use AS u (person, day, searches) VALUES ($1, $2, 1)
		ON CONFLICT (person, day) DO UPDATE SET searches = u.searches + 1 RETURNING searches`
	sqlUsed   = `SELECT searches FROM directory_use WHERE person = $1 AND day = $2`
	sqlOldUse = `DELETE FROM directory_use WHERE person = $1 AND day < $2`

	sqlEntries       = `SELECT COUNT(*), COALESCE(SUM(rows), 0) FROM directory_entry`
	sqlCountRows     = `SELECT COUNT(*) FROM directory_word`
	sqlCountAccounts = `SELECT COUNT(*) FROM account`
	sqlForget        = `UPDATE directory_entry SET rows = 0 WHERE no > $1 AND no <= $2`
	sqlAccounts      = `SELECT no FROM account WHERE no > $1 ORDER BY no LIMIT $2`
	sqlRowsAfter     = `SELECT word, part, no FROM directory_word WHERE (word > $1 OR word = $1 AND (part > $2 OR part = $2 AND no > $3))
		ORDER BY word, part, no LIMIT $4`
)

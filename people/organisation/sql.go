package organisation

import "haven/platform/db"

// Schema is the tables of organisations and posts.
var Schema = db.Schema{Concept: "organisation", Steps: []string{`
CREATE TABLE organisation_next (one {int} PRIMARY KEY, next {int} NOT NULL);
INSERT INTO organisation_next (one, next) VALUES (1, 1);
CREATE TABLE organisation (
	id {int} PRIMARY KEY, kind {int} NOT NULL, code {text} UNIQUE, name {text} NOT NULL,
	place {text} NOT NULL, place_fixed {int} NOT NULL DEFAULT 0,
	line1 {text} NOT NULL, line2 {text} NOT NULL, line3 {text} NOT NULL, line4 {text} NOT NULL, line5 {text} NOT NULL,
	postcode {text} NOT NULL, telephone {text} NOT NULL, status {int} NOT NULL, sub_type {int} NOT NULL,
	opened {int} NOT NULL, closed {int} NOT NULL, parent {text} NOT NULL, joined {int} NOT NULL, left_on {int} NOT NULL,
	care_board {text} NOT NULL, changed {int} NOT NULL);
CREATE INDEX organisation_parent ON organisation (parent);
CREATE TABLE post (
	person {int} NOT NULL REFERENCES account (no), organisation {int} NOT NULL REFERENCES organisation (id),
	role {text} NOT NULL, since {int} NOT NULL, until {int} NOT NULL,
	PRIMARY KEY (person, organisation, role, since)) {norowid};
CREATE INDEX post_organisation ON post (organisation)`, `
CREATE TABLE premises_contact (
	organisation {int} PRIMARY KEY REFERENCES organisation (id), email {text} NOT NULL, gphc {text} NOT NULL,
	source {text} NOT NULL, stated {int} NOT NULL, since {int} NOT NULL,
	was_email {text} NOT NULL, was_gphc {text} NOT NULL, was_source {text} NOT NULL, was_stated {int} NOT NULL);
CREATE TABLE central_group (code {text} PRIMARY KEY, contact {text} NOT NULL, email {text} NOT NULL, since {int} NOT NULL);
CREATE TABLE central_released (organisation {int} PRIMARY KEY REFERENCES organisation (id), since {int} NOT NULL)`, `
ALTER TABLE organisation ADD COLUMN indexed {int} NOT NULL DEFAULT 0;
CREATE INDEX organisation_unindexed ON organisation (id) WHERE indexed = 0;
CREATE INDEX organisation_postcode ON organisation (postcode);
CREATE TABLE premises_word (
	word {text} NOT NULL, organisation {int} NOT NULL REFERENCES organisation (id), PRIMARY KEY (word, organisation)) {norowid};
CREATE INDEX premises_word_organisation ON premises_word (organisation, word)`,
}}

const (
	orgColumns = `id, kind, COALESCE(code, ''), name, place, line1, line2, line3, line4, line5, postcode, telephone, status,
		sub_type, opened, closed, parent, joined, left_on, care_board`
	sqlByID    = `SELECT ` + orgColumns + ` FROM organisation WHERE id = $1`
	sqlByCode  = `SELECT ` + orgColumns + ` FROM organisation WHERE code = $1`
	sqlUnder   = `SELECT ` + orgColumns + ` FROM organisation WHERE parent = $1 AND id > $2 ORDER BY id LIMIT $3`
	sqlChunk   = `SELECT ` + orgColumns + ` FROM organisation WHERE code > $1 ORDER BY code LIMIT $2`
	sqlTakeIDs = `UPDATE organisation_next SET next = next + $1 WHERE one = 1 RETURNING next - $1`
	sqlPut     = `INSERT INTO organisation (` + putColumns + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, 1)`
	putColumns = `id, kind, code, name, place, line1, line2, line3, line4, line5, postcode, telephone, status,
		sub_type, opened, closed, parent, joined, left_on, care_board, changed, indexed`
	sqlImport = sqlPut + ` ON CONFLICT (code) DO UPDATE SET name = excluded.name,
		place = CASE WHEN organisation.place_fixed = 1 THEN organisation.place ELSE excluded.place END,
		line1 = excluded.line1, line2 = excluded.line2, line3 = excluded.line3, line4 = excluded.line4, line5 = excluded.line5,
		postcode = excluded.postcode, telephone = excluded.telephone, status = excluded.status, sub_type = excluded.sub_type,
		opened = excluded.opened, closed = excluded.closed, parent = excluded.parent, joined = excluded.joined,
		left_on = excluded.left_on, care_board = excluded.care_board, changed = excluded.changed, indexed = 1
		WHERE organisation.kind = excluded.kind RETURNING ` + orgColumns
	sqlFixPlace = `UPDATE organisation SET place = $2, place_fixed = 1, changed = $3 WHERE id = $1 RETURNING ` + orgColumns

	sqlPutPost = `INSERT INTO post (person, organisation, role, since, until) VALUES ($1, $2, $3, $4, $5)`
	sqlEndPost = `UPDATE post SET until = $4 WHERE person = $1 AND organisation = $2 AND role = $3 AND (until = 0 OR until > $4)`
	sqlHasPost = `SELECT since FROM post WHERE person = $1 AND organisation = $2 AND role = $3 AND (until = 0 OR until > $4)`
	sqlPosts   = `SELECT person, organisation, role, since, until FROM post WHERE person = $1 ORDER BY since, organisation, role`
	sqlStaff   = `SELECT person, organisation, role, since, until FROM post
		WHERE organisation = $1 AND person > $2 ORDER BY person, since LIMIT $3`
	sqlStaffNow = `SELECT DISTINCT person FROM post WHERE organisation = $1 AND since <= $2 AND (until = 0 OR until > $2) ORDER BY person LIMIT $3`

	contactFields = `email, gphc, source, stated, since, was_email, was_gphc, was_source, was_stated`
	sqlContact    = `SELECT ` + contactFields + ` FROM premises_contact WHERE organisation = $1`
	sqlContacts   = `SELECT ` + contactFields + `, organisation FROM premises_contact WHERE organisation > $1 ORDER BY organisation LIMIT $2`
	sqlPutContact = `INSERT INTO premises_contact AS c (organisation, ` + contactFields + `) VALUES ($1, $2, $3, $4, $5, $6, '', '', '', 0)
		ON CONFLICT (organisation) DO UPDATE SET was_email = c.email, was_gphc = c.gphc, was_source = c.source, was_stated = c.stated,
		email = excluded.email, gphc = excluded.gphc, source = excluded.source, stated = excluded.stated, since = excluded.since`
	sqlConfirmContact = `INSERT INTO premises_contact AS c (organisation, ` + contactFields + `) VALUES ($1, $2, $3, $4, $5, $6, '', '', '', 0)
		ON CONFLICT (organisation) DO UPDATE SET source = excluded.source, stated = excluded.stated`

	sqlCentral = `SELECT g.contact, g.email FROM central_group g WHERE g.code = $1
		AND NOT EXISTS (SELECT 1 FROM central_released r WHERE r.organisation = $2)`
	sqlGroupContact = `SELECT email FROM central_group WHERE code = $1`
	sqlIsGroup      = `SELECT id FROM organisation WHERE parent = $1 OR code = $1 LIMIT 1`
	sqlPutCentral   = `INSERT INTO central_group AS g (code, contact, email, since) VALUES ($1, $2, $3, $4)
		ON CONFLICT (code) DO UPDATE SET contact = excluded.contact, email = excluded.email, since = excluded.since
		WHERE g.contact <> excluded.contact OR g.email <> excluded.email`
	sqlEndCentral = `DELETE FROM central_group WHERE code = $1`
	sqlRelease    = `INSERT INTO central_released (organisation, since) VALUES ($1, $2) ON CONFLICT (organisation) DO NOTHING`

	hitColumns      = `o.id, COALESCE(o.code, ''), o.name, o.place, o.postcode, o.status, o.closed`
	hitOrder        = ` ORDER BY CASE o.status WHEN 1 THEN 0 ELSE 1 END, o.name, o.place, o.code LIMIT `
	sqlFindCode     = `SELECT ` + hitColumns + ` FROM organisation o WHERE o.code = $1 AND o.kind = 1 LIMIT $2`
	sqlFindPostcode = `SELECT ` + hitColumns + ` FROM organisation o WHERE o.postcode >= $1 AND o.postcode < $2 AND o.kind = 1` + hitOrder + `$3`
	sqlFindWords    = `SELECT ` + hitColumns + ` FROM organisation o WHERE o.id IN (SELECT w.organisation FROM premises_word w
		WHERE w.word >= $1 AND w.word < $2%s ORDER BY w.word, w.organisation LIMIT $3)` + hitOrder + `$4`
	sqlFindAlso  = ` AND EXISTS (SELECT 1 FROM premises_word x WHERE x.organisation = w.organisation AND x.word >= $%d AND x.word < $%d)`
	sqlCountWord = `SELECT COUNT(*) FROM (SELECT 1 FROM premises_word WHERE word >= $1 AND word < $2 LIMIT $3) c`

	sqlUnindexed    = `SELECT ` + orgColumns + ` FROM organisation WHERE indexed = 0 ORDER BY id LIMIT $1`
	sqlIndexed      = `UPDATE organisation SET indexed = 1 WHERE id = $1`
	sqlDropWords    = `DELETE FROM premises_word WHERE organisation = $1`
	sqlStaffChanged = `INSERT INTO account_changed (no, due) SELECT DISTINCT person, 0 FROM post WHERE organisation = $1
		ON CONFLICT (no) DO UPDATE SET due = 0`
	sqlPutWord = `INSERT INTO premises_word (word, organisation) VALUES ($1, $2)`
)

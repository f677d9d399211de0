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
CREATE INDEX post_organisation ON post (organisation)`,
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
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)`
	putColumns = `id, kind, code, name, place, line1, line2, line3, line4, line5, postcode, telephone, status,
		sub_type, opened, closed, parent, joined, left_on, care_board, changed`
	sqlImport = sqlPut + ` ON CONFLICT (code) DO UPDATE SET name = excluded.name,
		place = CASE WHEN organisation.place_fixed = 1 THEN organisation.place ELSE excluded.place END,
		line1 = excluded.line1, line2 = excluded.line2, line3 = excluded.line3, line4 = excluded.line4, line5 = excluded.line5,
		postcode = excluded.postcode, telephone = excluded.telephone, status = excluded.status, sub_type = excluded.sub_type,
		opened = excluded.opened, closed = excluded.closed, parent = excluded.parent, joined = excluded.joined,
		left_on = excluded.left_on, care_board = excluded.care_board, changed = excluded.changed
		WHERE organisation.kind = excluded.kind`
	sqlFixPlace = `UPDATE organisation SET place = $2, place_fixed = 1, changed = $3 WHERE id = $1`

	sqlPutPost = `INSERT INTO post (person, organisation, role, since, until) VALUES ($1, $2, $3, $4, $5)`
	sqlEndPost = `UPDATE post SET until = $4 WHERE person = $1 AND organisation = $2 AND role = $3 AND (until = 0 OR until > $4)`
	sqlHasPost = `SELECT since FROM post WHERE person = $1 AND organisation = $2 AND role = $3 AND (until = 0 OR until > $4)`
	sqlPosts   = `SELECT person, organisation, role, since, until FROM post WHERE person = $1 ORDER BY since, organisation, role`
	sqlStaff   = `SELECT person, organisation, role, since, until FROM post
		WHERE organisation = $1 AND person > $2 ORDER BY person, since LIMIT $3`
)

package profile

import "haven/platform/db"

// Schema is what a person's profile holds beside account's and activation's tables, which come before. A new mobile or e-mail that waits for its
// code is sealed, with the code, under the person's own key.
var Schema = db.Schema{Concept: "profile", Steps: []string{`
CREATE TABLE profile (
	no {int} NOT NULL PRIMARY KEY REFERENCES person (no), job {text} NOT NULL, telephone {text} NOT NULL);
CREATE TABLE contact_change (
	no {int} NOT NULL REFERENCES person (no), kind {int} NOT NULL, sealed {blob} NOT NULL, asked {int} NOT NULL, tries {int} NOT NULL,
	PRIMARY KEY (no, kind)) {norowid};
CREATE TABLE contact_code (
	no {int} NOT NULL REFERENCES person (no), at {int} NOT NULL, PRIMARY KEY (no, at)) {norowid};
`, `
ALTER TABLE profile ADD COLUMN speciality {text} NOT NULL DEFAULT ''`, `
ALTER TABLE profile ADD COLUMN note {text} NOT NULL DEFAULT ''`}}

const (
	sqlGet          = `SELECT job, telephone, speciality, note FROM profile WHERE no = $1`
	sqlSetTelephone = `INSERT INTO profile (no, job, telephone) VALUES ($1, '', $2) ON CONFLICT (no) DO UPDATE SET telephone = excluded.telephone`
	sqlSetAbout     = `INSERT INTO profile (no, job, telephone, speciality, note) VALUES ($1, '', '', $2, $3) ON CONFLICT (no) DO UPDATE SET speciality = excluded.speciality, note = excluded.note`
	sqlSetJob       = `INSERT INTO profile (no, job, telephone) VALUES ($1, $2, '') ON CONFLICT (no) DO UPDATE SET job = excluded.job`

	sqlAsk = `INSERT INTO contact_change (no, kind, sealed, asked, tries) VALUES ($1, $2, $3, $4, 0)
		ON CONFLICT (no, kind) DO UPDATE SET sealed = excluded.sealed, asked = excluded.asked, tries = 0`
	sqlAsked    = `SELECT sealed, asked, tries FROM contact_change WHERE no = $1 AND kind = $2`
	sqlTry      = `UPDATE contact_change SET tries = tries + 1 WHERE no = $1 AND kind = $2`
	sqlDone     = `DELETE FROM contact_change WHERE no = $1 AND kind = $2`
	sqlSent     = `INSERT INTO contact_code (no, at) VALUES ($1, $2) ON CONFLICT (no, at) DO NOTHING`
	sqlCount    = `SELECT COUNT(*) FROM contact_code WHERE no = $1 AND at > $2`
	sqlOldCodes = `DELETE FROM contact_code WHERE no = $1 AND at <= $2`
)

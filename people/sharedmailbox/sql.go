package sharedmailbox

import "haven/platform/db"

// Schema is the tables of shared mailboxes, which come after account's and organisation's.
var Schema = db.Schema{Concept: "sharedmailbox", Steps: []string{`
CREATE TABLE shared_mailbox (
	an {int} PRIMARY KEY, kind {int} NOT NULL CHECK (kind = 2), premises_kind {int} NOT NULL,
	organisation {int} REFERENCES organisation (id), code {text} NOT NULL, name {text} NOT NULL, place {text} NOT NULL,
	FOREIGN KEY (an, kind) REFERENCES account (no, kind));
CREATE INDEX shared_mailbox_organisation ON shared_mailbox (organisation);
CREATE TABLE member (
	an {int} NOT NULL REFERENCES shared_mailbox (an), person {int} NOT NULL REFERENCES person (no),
	rights {int} NOT NULL, since {int} NOT NULL, until {int} NOT NULL, granted_by {blob} NOT NULL, granted {int} NOT NULL,
	PRIMARY KEY (an, person)) {norowid};
CREATE INDEX member_person ON member (person, an)`, `
CREATE INDEX member_since ON member (since);
CREATE INDEX member_until ON member (until) WHERE until > 0`, `
ALTER TABLE shared_mailbox ADD COLUMN about {text} NOT NULL DEFAULT ''`, `
CREATE TABLE member_dates (one {int} PRIMARY KEY CHECK (one = 1), noted {int} NOT NULL)`,
}}

const (
	sqlPut = `INSERT INTO shared_mailbox (an, kind, premises_kind, organisation, code, name, place)
		VALUES ($1, (SELECT kind FROM account WHERE no = $1), $2, $3, $4, $5, $6)`
	sqlIsShared = `SELECT an FROM shared_mailbox WHERE an = $1`
	sqlOfOrg    = `SELECT an FROM shared_mailbox WHERE organisation = $1 ORDER BY an`
	sqlOrg      = `SELECT COALESCE(organisation, 0) FROM shared_mailbox WHERE an = $1`
	sqlHave     = `SELECT s.organisation FROM shared_mailbox s JOIN account a ON a.no = s.an WHERE a.state <> 8 AND s.organisation IN ` + db.Among

	sqlMembers = `SELECT m.person, m.rights, m.since, m.until, m.granted_by, a.id, a.kind, a.state, a.display,
		COALESCE(x.local, ''), COALESCE(x.domain, '') FROM member m JOIN account a ON a.no = m.person
		LEFT JOIN address x ON x.no = a.no AND x.role = 1 WHERE m.an = $1 ORDER BY m.person`
	sqlPutMember = `INSERT INTO member (an, person, rights, since, until, granted_by, granted) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (an, person) DO UPDATE SET rights = excluded.rights, since = excluded.since, until = excluded.until,
		granted_by = excluded.granted_by, granted = excluded.granted`
	sqlTurned = `SELECT an, person FROM member WHERE since > $1 AND since <= $2
		UNION SELECT an, person FROM member WHERE until > 0 AND until > $1 AND until <= $2`
	// A membership that began when it was granted is no date that passed.
	sqlTurnedUnnoted = `SELECT an, person FROM member WHERE since > $1 AND since <= $2 AND since > granted
		UNION SELECT an, person FROM member WHERE until > 0 AND until > $1 AND until <= $2`
	sqlNoted    = `SELECT noted FROM member_dates WHERE one = 1`
	sqlPutNoted = `INSERT INTO member_dates (one, noted) VALUES (1, $1) ON CONFLICT (one) DO UPDATE SET noted = excluded.noted`

	sqlDropMember = `DELETE FROM member WHERE an = $1 AND person = $2`

	sqlFor = `SELECT a.no, a.id, a.state, a.display, a.access_ver, a.created, COALESCE(x.local, ''), COALESCE(x.domain, ''),
		m.rights, m.since, m.until, p.kind, p.state, a.shut_to_programs, p.vouched_by, p.vouched_until,
		COALESCE(v.rights, 0), COALESCE(v.since, 0), COALESCE(v.until, 0), COALESCE(w.state, 0), COALESCE(w.vouched_by, 0), COALESCE(w.vouched_until, 0)
		FROM member m JOIN account p ON p.no = m.person JOIN account a ON a.no = m.an LEFT JOIN address x ON x.no = a.no AND x.role = 1
		LEFT JOIN member v ON v.an = m.an AND v.person = p.vouched_by LEFT JOIN account w ON w.no = p.vouched_by
		WHERE m.person = $1 AND m.since <= $3 AND (m.until = 0 OR m.until > $3 + 0) ORDER BY m.an LIMIT $2`
	sqlOwned    = `SELECT m.an FROM member m JOIN account a ON a.no = m.an WHERE m.person = $1 AND m.rights & 16 <> 0 AND a.state = 2 ORDER BY m.an`
	sqlEndless  = `SELECT m.an FROM member m JOIN account a ON a.no = m.an WHERE m.person = $1 AND m.until = 0 AND a.state = 2 ORDER BY m.an`
	sqlMemberOf = `SELECT m.an FROM member m JOIN account a ON a.no = m.an WHERE m.person = $1 AND m.since <= $2 AND (m.until = 0 OR m.until > $2 + 0) AND a.state = 2 ORDER BY m.an`
	sqlNames    = `SELECT s.name FROM member m JOIN shared_mailbox s ON s.an = m.an WHERE m.person = $1 LIMIT 100`
)

package work

import "haven/platform/db"

// Schema is who handles what. A row of work is there once something was said of a thread. Notes, and of whom something was filed, are sealed by their account's key.
var Schema = db.Schema{Concept: "work", Steps: []string{`
CREATE TABLE work (
	an {int} NOT NULL, thread {int} NOT NULL, status {int} NOT NULL, holder {int} NOT NULL, since {int} NOT NULL, done_by {int} NOT NULL,
	answered_by {int} NOT NULL, answered_at {int} NOT NULL, answer {int} NOT NULL, category {text} NOT NULL, created {int} NOT NULL, changed {int} NOT NULL,
	PRIMARY KEY (an, thread)) {norowid};
CREATE INDEX work_changed ON work (an, changed);
CREATE INDEX work_held ON work (holder, an) WHERE holder <> 0;
CREATE TABLE work_note (
	an {int} NOT NULL, id {int} NOT NULL, thread {int} NOT NULL, author {int} NOT NULL, at {int} NOT NULL, edited {int} NOT NULL,
	sealed {blob} NOT NULL, created {int} NOT NULL, changed {int} NOT NULL,
	PRIMARY KEY (an, id)) {norowid};
CREATE INDEX work_note_thread ON work_note (an, thread);
CREATE INDEX work_note_changed ON work_note (an, changed);
CREATE TABLE work_note_gone (
	an {int} NOT NULL, id {int} NOT NULL, created {int} NOT NULL, changed {int} NOT NULL,
	PRIMARY KEY (an, id)) {norowid};
CREATE INDEX work_note_gone_changed ON work_note_gone (an, changed);
CREATE TABLE work_deadline (
	an {int} NOT NULL, id {int} NOT NULL, thread {int} NOT NULL, rule {text} NOT NULL, starts {int} NOT NULL,
	warn {int} NOT NULL, due {int} NOT NULL, head_office {int} NOT NULL, local_team {int} NOT NULL,
	ended {int} NOT NULL, told {int} NOT NULL, next {int} NOT NULL, created {int} NOT NULL, changed {int} NOT NULL,
	PRIMARY KEY (an, id)) {norowid};
CREATE INDEX work_deadline_thread ON work_deadline (an, thread);
CREATE INDEX work_deadline_changed ON work_deadline (an, changed);
CREATE INDEX work_deadline_next ON work_deadline (next) WHERE next <> 0;
CREATE TABLE work_reader (
	an {int} NOT NULL, thread {int} NOT NULL, person {int} NOT NULL, looked {int} NOT NULL, stopped {int} NOT NULL,
	PRIMARY KEY (an, thread, person)) {norowid};
CREATE TABLE work_choice (
	an {int} NOT NULL PRIMARY KEY, stops {int} NOT NULL);
CREATE TABLE work_presence (
	an {int} NOT NULL, person {int} NOT NULL, tab {text} NOT NULL, thread {int} NOT NULL, doing {int} NOT NULL, until {int} NOT NULL,
	PRIMARY KEY (an, person, tab)) {norowid};
`, `
CREATE TABLE work_filing (
	an {int} NOT NULL, id {int} NOT NULL, msg {int} NOT NULL, thread {int} NOT NULL, filed_by {int} NOT NULL, at {int} NOT NULL, keep_until {int} NOT NULL,
	formats {text} NOT NULL, sealed {blob} NOT NULL, created {int} NOT NULL, changed {int} NOT NULL,
	PRIMARY KEY (an, id)) {norowid};
CREATE INDEX work_filing_msg ON work_filing (an, msg);
CREATE INDEX work_filing_thread ON work_filing (an, thread);
CREATE INDEX work_filing_changed ON work_filing (an, changed);
CREATE INDEX work_filing_keep ON work_filing (keep_until);
CREATE TABLE work_filing_gone (
	an {int} NOT NULL, id {int} NOT NULL, created {int} NOT NULL, changed {int} NOT NULL,
	PRIMARY KEY (an, id)) {norowid};
CREATE INDEX work_filing_gone_changed ON work_filing_gone (an, changed);
`, `
CREATE TABLE work_step (
	an {int} NOT NULL, deadline {int} NOT NULL, stage {int} NOT NULL, at {int} NOT NULL, texts {int} NOT NULL, letters {int} NOT NULL,
	PRIMARY KEY (an, deadline, stage)) {norowid};
CREATE INDEX work_step_at ON work_step (an, stage, at);
CREATE INDEX work_deadline_due ON work_deadline (an, due);
CREATE TABLE work_check (
	an {int} NOT NULL, day {int} NOT NULL, at {int} NOT NULL, person {int} NOT NULL, since {int} NOT NULL, came {int} NOT NULL, open {int} NOT NULL, due {int} NOT NULL,
	changed {int} NOT NULL,
	PRIMARY KEY (an, day)) {norowid};
CREATE TABLE work_done (
	an {int} NOT NULL, thread {int} NOT NULL, at {int} NOT NULL,
	PRIMARY KEY (an, thread, at)) {norowid};
INSERT INTO work_done (an, thread, at) SELECT an, thread, since FROM work WHERE status = 2;
`, `
CREATE INDEX work_check_changed ON work_check (an, changed);
`}}

const (
	itemColumns = `thread, status, holder, since, done_by, answered_by, answered_at, answer, category, created, changed`
	sqlItem     = `SELECT ` + itemColumns + ` FROM work WHERE an = $1 AND thread = $2`
	sqlItems    = `SELECT ` + itemColumns + ` FROM work WHERE an = $1 AND changed > $2 ORDER BY changed`
	sqlSaid     = `SELECT thread FROM work WHERE an = $1 ORDER BY changed DESC LIMIT $2`
	sqlPutItem  = `INSERT INTO work (an, ` + itemColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (an, thread) DO UPDATE SET status = excluded.status, holder = excluded.holder, since = excluded.since, done_by = excluded.done_by,
		answered_by = excluded.answered_by, answered_at = excluded.answered_at, answer = excluded.answer, category = excluded.category, changed = excluded.changed`
	sqlHolders   = `SELECT DISTINCT an, holder FROM work WHERE holder <> 0`
	sqlHeldBy    = `SELECT ` + itemColumns + ` FROM work WHERE holder = $2 AND +an = $1 AND holder <> 0 LIMIT $3`
	sqlCountHeld = `SELECT COUNT(*) FROM work WHERE holder = $2 AND +an = $1 AND holder <> 0`

	noteColumns = `id, thread, author, at, edited, sealed, created, changed`
	sqlNote     = `SELECT ` + noteColumns + ` FROM work_note WHERE an = $1 AND id = $2`
	sqlNotesOf  = `SELECT id FROM work_note WHERE an = $1 AND thread = $2 ORDER BY id`
	sqlAllNotes = `SELECT id FROM work_note WHERE an = $1 ORDER BY id LIMIT $2`
	sqlPutNote  = `INSERT INTO work_note (an, ` + noteColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (an, id) DO UPDATE SET edited = excluded.edited, sealed = excluded.sealed, changed = excluded.changed`
	sqlDropNote    = `DELETE FROM work_note WHERE an = $1 AND id = $2`
	sqlPutNoteGone = `INSERT INTO work_note_gone (an, id, created, changed) VALUES ($1, $2, $3, $4)`
	// What is before a mailbox's horizon nobody can ask for any more.
	sqlForgetGone = `DELETE FROM work_note_gone WHERE EXISTS (SELECT 1 FROM account_mail m WHERE m.an = work_note_gone.an AND m.horizon >= work_note_gone.changed)`

	filingColumns        = `id, msg, thread, filed_by, at, keep_until, formats, sealed, created, changed`
	sqlFiling            = `SELECT ` + filingColumns + ` FROM work_filing WHERE an = $1 AND id = $2`
	sqlFilingsOf         = `SELECT ` + filingColumns + ` FROM work_filing WHERE an = $1 AND msg = $2 ORDER BY id`
	sqlThreadFiled       = `SELECT id FROM work_filing WHERE an = $1 AND thread = $2 ORDER BY id LIMIT $3`
	sqlMessageFiled      = `SELECT id FROM work_filing WHERE an = $1 AND msg = $2 AND (thread = $4 OR $4 < 0) ORDER BY id LIMIT $3`
	sqlAllFilings        = `SELECT id FROM work_filing WHERE an = $1 ORDER BY id LIMIT $2`
	sqlPutFiling         = `INSERT INTO work_filing (an, ` + filingColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`
	sqlDropFiling        = `DELETE FROM work_filing WHERE an = $1 AND id = $2`
	sqlPutFilingGone     = `INSERT INTO work_filing_gone (an, id, created, changed) VALUES ($1, $2, $3, $4)`
	sqlForgetFilingsGone = `DELETE FROM work_filing_gone WHERE EXISTS (SELECT 1 FROM account_mail m WHERE m.an = work_filing_gone.an AND m.horizon >= work_filing_gone.changed)`
	// What was filed is remembered as long as its message is, however long that is kept after its time.
	sqlFilingsDue = `SELECT an, id, created FROM work_filing WHERE keep_until <= $1
		AND NOT EXISTS (SELECT 1 FROM message m WHERE m.id = work_filing.msg AND m.an = work_filing.an) ORDER BY keep_until LIMIT $2`

	deadlineColumns = `id, thread, rule, starts, warn, due, head_office, local_team, ended, told, next, created, changed`
	sqlDeadline     = `SELECT ` + deadlineColumns + ` FROM work_deadline WHERE an = $1 AND id = $2`
	sqlDeadlinesOf  = `SELECT ` + deadlineColumns + ` FROM work_deadline WHERE an = $1 AND thread = $2 ORDER BY id`
	sqlAllDeadlines = `SELECT id FROM work_deadline WHERE an = $1 ORDER BY due, id LIMIT $2`
	sqlDueBy        = `SELECT thread, MIN(due) FROM work_deadline WHERE an = $1 AND ended = 0 GROUP BY thread`
	sqlNext         = `SELECT an, id FROM work_deadline WHERE next <> 0 AND next <= $1 ORDER BY next LIMIT $2`
	sqlSteps        = `SELECT stage, at, texts, letters FROM work_step WHERE an = $1 AND deadline = $2 ORDER BY stage`
	sqlLastTold     = `SELECT COALESCE(MAX(at), 0) FROM work_step WHERE an = $1 AND stage = $2`
	sqlPutStep      = `INSERT INTO work_step (an, deadline, stage, at, texts, letters) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (an, deadline, stage) DO UPDATE SET at = excluded.at, texts = excluded.texts, letters = excluded.letters`
	sqlPutDeadline = `INSERT INTO work_deadline (an, ` + deadlineColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		ON CONFLICT (an, id) DO UPDATE SET ended = excluded.ended, told = excluded.told, next = excluded.next, changed = excluded.changed`

	checkColumns = `day, at, person, since, came, open, due, changed`
	sqlCheck     = `SELECT ` + checkColumns + ` FROM work_check WHERE an = $1 AND day = $2`
	sqlLastCheck = `SELECT COALESCE(MAX(at), 0) FROM work_check WHERE an = $1 AND day < $2`
	sqlChecks    = `SELECT day FROM work_check WHERE an = $1 ORDER BY day DESC LIMIT $2`
	sqlChecksIn  = `SELECT ` + checkColumns + ` FROM work_check WHERE an = $1 AND day BETWEEN $2 AND $3`
	sqlPutCheck  = `INSERT INTO work_check (an, ` + checkColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`

	sqlPutDone = `INSERT INTO work_done (an, thread, at) VALUES ($1, $2, $3) ON CONFLICT (an, thread, at) DO NOTHING`
	sqlUndone  = `DELETE FROM work_done WHERE an = $1 AND thread = $2 AND at = $3`
	// What was done in some time, and of each thread the last that was before: by it a letter is the first since.
	sqlDoneFor = `SELECT thread, at FROM work_done WHERE an = $1 AND at >= $2 AND at < $3
		UNION ALL SELECT thread, MAX(at) FROM work_done WHERE an = $1 AND at < $2 GROUP BY thread`
	sqlDueIn = `SELECT ` + deadlineColumns + ` FROM work_deadline WHERE an = $1 AND due >= $2 AND due < $3`

	sqlReader = `SELECT looked, stopped FROM work_reader WHERE an = $1 AND thread = $2 AND person = $3`
	sqlLooked = `INSERT INTO work_reader (an, thread, person, looked, stopped) VALUES ($1, $2, $3, $4, 0)
		ON CONFLICT (an, thread, person) DO UPDATE SET looked = excluded.looked`
	sqlStopped = `INSERT INTO work_reader (an, thread, person, looked, stopped) VALUES ($1, $2, $3, 0, $4)
		ON CONFLICT (an, thread, person) DO UPDATE SET stopped = excluded.stopped`
	sqlForgetReaders = `DELETE FROM work_reader WHERE looked < $1 AND stopped < $1`
	sqlChoice        = `SELECT stops FROM work_choice WHERE an = $1`
	sqlChoose        = `INSERT INTO work_choice (an, stops) VALUES ($1, $2) ON CONFLICT (an) DO UPDATE SET stops = excluded.stops`

	sqlPresent    = `SELECT thread, person, doing, until FROM work_presence WHERE an = $1 AND until > $2`
	sqlPutPresent = `INSERT INTO work_presence (an, person, tab, thread, doing, until) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (an, person, tab) DO UPDATE SET thread = excluded.thread, doing = excluded.doing, until = excluded.until`
	sqlSeat        = `SELECT thread, doing FROM work_presence WHERE an = $1 AND person = $2 AND tab = $3 AND until > $4`
	sqlPresentIn   = `SELECT DISTINCT an FROM work_presence WHERE person = $1`
	sqlDropAll     = `DELETE FROM work_presence WHERE an = $1 AND person = $2`
	sqlDropPresent = `DELETE FROM work_presence WHERE an = $1 AND person = $2 AND tab = $3`
	sqlPresentOver = `DELETE FROM work_presence WHERE until < $1`

	sqlStates = `SELECT (SELECT COALESCE(MAX(changed), 0) FROM work WHERE an = $1), (SELECT COALESCE(MAX(changed), 0) FROM work_note WHERE an = $1),
		(SELECT COALESCE(MAX(changed), 0) FROM work_note_gone WHERE an = $1), (SELECT COALESCE(MAX(changed), 0) FROM work_deadline WHERE an = $1),
		(SELECT COALESCE(MAX(changed), 0) FROM work_filing WHERE an = $1), (SELECT COALESCE(MAX(changed), 0) FROM work_filing_gone WHERE an = $1),
		(SELECT COALESCE(MAX(changed), 0) FROM work_check WHERE an = $1)`
)

// changedSince are the queries by kind: number, when it was created and changed, and whether it is gone.
var changedSince = [5]string{
	`SELECT thread, created, changed, 0 FROM work WHERE an = $1 AND changed > $2 ORDER BY 3 LIMIT $3`,
	`SELECT id, created, changed, 0 FROM work_note WHERE an = $1 AND changed > $2 UNION ALL
		SELECT id, created, changed, 1 FROM work_note_gone WHERE an = $1 AND changed > $2 ORDER BY 3 LIMIT $3`,
	`SELECT id, created, changed, 0 FROM work_deadline WHERE an = $1 AND changed > $2 ORDER BY 3 LIMIT $3`,
	`SELECT id, created, changed, 0 FROM work_filing WHERE an = $1 AND changed > $2 UNION ALL
		SELECT id, created, changed, 1 FROM work_filing_gone WHERE an = $1 AND changed > $2 ORDER BY 3 LIMIT $3`,
	`SELECT day, changed, changed, 0 FROM work_check WHERE an = $1 AND changed > $2 ORDER BY 3 LIMIT $3`,
}

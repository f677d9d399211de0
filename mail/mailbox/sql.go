package mailbox

import "haven/platform/db"

// Schema is the mail store's tables. account_seq is the hot row: the lock of an account and the
// source of its sequence. message is appended in time order; everything that leads with the account is narrow.
var Schema = db.Schema{Concept: "mailbox", Steps: []string{`
CREATE TABLE account_seq (
	an {int} NOT NULL PRIMARY KEY,
	seq {int} NOT NULL,
	bytes {int} NOT NULL,
	messages {int} NOT NULL,
	quota {int} NOT NULL
) {narrow};
CREATE TABLE account_mail (
	an {int} NOT NULL PRIMARY KEY,
	next_mb {int} NOT NULL,
	validity {int} NOT NULL
);
CREATE TABLE mailbox (
	an {int} NOT NULL,
	mb {int} NOT NULL,
	parent {int} NOT NULL,
	name {text} NOT NULL,
	role {text} NOT NULL,
	validity {int} NOT NULL,
	created {int} NOT NULL,
	changed {int} NOT NULL,
	PRIMARY KEY (an, mb)
) {norowid};
CREATE UNIQUE INDEX mailbox_name ON mailbox (an, parent, name);
CREATE TABLE mailbox_count (
	an {int} NOT NULL,
	mb {int} NOT NULL,
	uidnext {int} NOT NULL,
	total {int} NOT NULL,
	unseen {int} NOT NULL,
	deleted {int} NOT NULL,
	bytes {int} NOT NULL,
	hiseq {int} NOT NULL,
	PRIMARY KEY (an, mb)
) {norowid};
CREATE TABLE unsubscribed (
	person {int} NOT NULL,
	an {int} NOT NULL,
	mb {int} NOT NULL,
	PRIMARY KEY (person, an, mb)
) {norowid};
CREATE TABLE message (
	id {int} NOT NULL PRIMARY KEY,
	an {int} NOT NULL,
	body {int} NOT NULL,
	key {blob} NOT NULL,
	size {int} NOT NULL,
	received {int} NOT NULL,
	thread {int} NOT NULL,
	sealed {blob} NOT NULL
);
CREATE INDEX message_body ON message (body);
CREATE TABLE placement (
	an {int} NOT NULL,
	mb {int} NOT NULL,
	uid {int} NOT NULL,
	msg {int} NOT NULL,
	flags {int} NOT NULL,
	seen {int} NOT NULL,
	kw {int} NOT NULL,
	size {int} NOT NULL,
	received {int} NOT NULL,
	created {int} NOT NULL,
	changed {int} NOT NULL,
	PRIMARY KEY (an, mb, uid)
) {norowid};
CREATE INDEX placement_msg ON placement (an, msg);
CREATE INDEX placement_changed ON placement (an, changed);
CREATE INDEX placement_unseen ON placement (an, mb, uid) WHERE seen = 0;
CREATE TABLE keyword (
	an {int} NOT NULL,
	kw {int} NOT NULL,
	name {text} NOT NULL,
	folded {text} NOT NULL,
	PRIMARY KEY (an, kw)
) {norowid};
CREATE UNIQUE INDEX keyword_name ON keyword (an, folded);
CREATE TABLE gone (
	an {int} NOT NULL,
	mb {int} NOT NULL,
	hi {int} NOT NULL,
	lo {int} NOT NULL,
	changed {int} NOT NULL,
	msg {int} NOT NULL,
	at {int} NOT NULL,
	PRIMARY KEY (an, mb, hi)
) {norowid};
CREATE INDEX gone_changed ON gone (an, changed);
CREATE INDEX gone_at ON gone (at) WHERE msg <> 0;
CREATE TABLE thread_ref (
	an {int} NOT NULL,
	h {int} NOT NULL,
	thread {int} NOT NULL,
	PRIMARY KEY (an, h)
) {norowid};
CREATE TABLE sent (
	person {int} NOT NULL,
	h {int} NOT NULL,
	an {int} NOT NULL,
	mb {int} NOT NULL,
	msg {int} NOT NULL,
	appended {int} NOT NULL,
	until {int} NOT NULL,
	PRIMARY KEY (person, h)
) {norowid};
CREATE INDEX sent_until ON sent (until);
CREATE TABLE index_todo (
	msg {int} NOT NULL PRIMARY KEY,
	an {int} NOT NULL,
	gone {int} NOT NULL
);
`, `
CREATE INDEX gone_msg ON gone (an, msg) WHERE msg <> 0;
`, `
DROP INDEX placement_msg;
CREATE INDEX placement_msg ON placement (msg);
DROP INDEX gone_msg;
CREATE INDEX gone_msg ON gone (msg) WHERE msg <> 0;
`, `
ALTER TABLE gone ADD COLUMN flags {int} NOT NULL DEFAULT 0;
ALTER TABLE gone ADD COLUMN kw {int} NOT NULL DEFAULT 0;
`, `
ALTER TABLE account_seq ADD COLUMN reads {int} NOT NULL DEFAULT 0;
ALTER TABLE mailbox_count ADD COLUMN reads {int} NOT NULL DEFAULT 0;
CREATE TABLE seen_by (
	an {int} NOT NULL,
	msg {int} NOT NULL,
	person {int} NOT NULL,
	seen {int} NOT NULL,
	changed {int} NOT NULL,
	PRIMARY KEY (an, msg, person)
) {norowid};
CREATE INDEX seen_by_changed ON seen_by (an, person, changed);
CREATE TABLE reader (
	an {int} NOT NULL,
	person {int} NOT NULL,
	since {int} NOT NULL,
	PRIMARY KEY (an, person)
) {norowid};
CREATE TABLE reader_count (
	an {int} NOT NULL,
	person {int} NOT NULL,
	mb {int} NOT NULL,
	unseen {int} NOT NULL,
	hiseq {int} NOT NULL,
	PRIMARY KEY (an, person, mb)
) {norowid};
`, `
ALTER TABLE placement ADD COLUMN thread {int} NOT NULL DEFAULT 0;
UPDATE placement SET thread = COALESCE((SELECT m.thread FROM message m WHERE m.id = placement.msg), 0);
ALTER TABLE gone ADD COLUMN created {int} NOT NULL DEFAULT 0;
ALTER TABLE account_mail ADD COLUMN horizon {int} NOT NULL DEFAULT 0;
UPDATE account_mail SET horizon = COALESCE((SELECT s.seq FROM account_seq s WHERE s.an = account_mail.an), 0);
ALTER TABLE mailbox ADD COLUMN sort {int} NOT NULL DEFAULT -1;
ALTER TABLE account_seq ADD COLUMN threads {int} NOT NULL DEFAULT 0;
ALTER TABLE account_seq ADD COLUMN delivered {int} NOT NULL DEFAULT 0;
UPDATE account_seq SET threads = seq, delivered = seq;
CREATE TABLE folder_gone (
	an {int} NOT NULL,
	mb {int} NOT NULL,
	changed {int} NOT NULL,
	at {int} NOT NULL,
	PRIMARY KEY (an, mb)
) {norowid};
CREATE INDEX folder_gone_at ON folder_gone (at);
`, `
CREATE INDEX message_thread ON message (thread) WHERE thread <> id;
`, `
ALTER TABLE account_seq ADD COLUMN scheduled {int} NOT NULL DEFAULT 0;
`, `
CREATE TABLE kept (
	an {int} NOT NULL,
	msg {int} NOT NULL,
	until {int} NOT NULL,
	PRIMARY KEY (an, msg)
) {norowid};
`}}

// Reading.
const (
	sqlFolders = `SELECT m.mb, m.parent, m.name, m.role, m.validity, c.uidnext, c.total, c.unseen, c.deleted, c.bytes, c.hiseq, c.reads,
		CASE WHEN u.mb IS NULL THEN 1 ELSE 0 END, m.sort
		FROM mailbox m JOIN mailbox_count c ON c.an = m.an AND c.mb = m.mb
		LEFT JOIN unsubscribed u ON u.person = $2 AND u.an = m.an AND u.mb = m.mb
		WHERE m.an = $1 ORDER BY m.mb`
	sqlFolder = `SELECT m.mb, m.parent, m.name, m.role, m.validity, c.uidnext, c.total, c.unseen, c.deleted, c.bytes, c.hiseq, c.reads, 0, m.sort
		FROM mailbox m JOIN mailbox_count c ON c.an = m.an AND c.mb = m.mb WHERE m.an = $1 AND m.mb = $2`

	rowColumns = `uid, msg, flags, kw, size, received, created, changed, thread`
	sqlRows    = `SELECT ` + rowColumns + ` FROM placement WHERE an = $1 AND mb = $2 AND uid BETWEEN $3 AND $4 ORDER BY uid LIMIT $5`
	sqlNewest  = `SELECT ` + rowColumns + ` FROM placement WHERE an = $1 AND mb = $2 ORDER BY uid DESC LIMIT $3`
	// Here and below the unary plus keeps both planners from going through the whole account, which without statistics
	// looks cheap to them: a message's number leads to its few placements.
	sqlRowsOf   = `SELECT ` + rowColumns + ` FROM placement WHERE +an = $1 AND +mb = $2 AND msg = $3`
	sqlRowOf    = `SELECT ` + rowColumns + ` FROM placement WHERE +an = $1 AND msg = $2 LIMIT 1`
	sqlRowsFrom = `SELECT ` + rowColumns + ` FROM placement WHERE an = $1 AND mb = $2 AND uid BETWEEN $3 AND $4
		AND (changed > $6 OR flags & 262144 <> 0) ORDER BY uid LIMIT $5`
	// The unary plus keeps both planners on placement_changed: what changed lately is few, the mailbox may be large.
	sqlChanged     = `SELECT ` + rowColumns + ` FROM placement WHERE an = $1 AND +mb = $2 AND changed > $3`
	sqlUIDs        = `SELECT uid FROM placement WHERE an = $1 AND mb = $2 ORDER BY uid`
	sqlUnseen      = `SELECT uid FROM placement WHERE an = $1 AND mb = $2 AND seen = 0 ORDER BY uid LIMIT 1`
	sqlDeleted     = `SELECT uid, msg, flags, kw, size, created FROM placement WHERE an = $1 AND mb = $2 AND uid BETWEEN $3 AND $4 AND flags & 8 <> 0 ORDER BY uid LIMIT $5`
	sqlMarked      = `SELECT uid FROM placement WHERE an = $1 AND mb = $2 AND uid BETWEEN $3 AND $4 AND flags & 8 <> 0 ORDER BY uid`
	sqlRemovable   = `SELECT uid, msg, flags, kw, size, created FROM placement WHERE an = $1 AND mb = $2 AND uid BETWEEN $3 AND $4 ORDER BY uid LIMIT $5`
	sqlFlags       = `SELECT flags, kw FROM placement WHERE an = $1 AND mb = $2 AND uid = $3`
	sqlVanished    = `SELECT lo, hi FROM gone WHERE an = $1 AND +mb = $2 AND changed > $3`
	sqlSiblings    = `SELECT mb, uid, flags, kw, changed FROM placement WHERE +an = $1 AND msg = $2`
	sqlInfo        = `SELECT thread, sealed FROM message WHERE id = $1 AND an = $2`
	sqlBody        = `SELECT m.key, m.sealed, b.id, b.pack, b.off, b.len, b.size FROM message m JOIN body b ON b.id = m.body WHERE m.id = $1 AND m.an = $2`
	sqlMessage     = `SELECT body, key, size, received, thread, sealed FROM message WHERE id = $1 AND an = $2`
	sqlKeywords    = `SELECT kw, name FROM keyword WHERE an = $1 ORDER BY kw`
	sqlQuota       = `SELECT seq, bytes, messages, quota FROM account_seq WHERE an = $1`
	sqlSeqs        = `SELECT an, seq FROM account_seq WHERE an IN ` + db.Among
	sqlCopyIn      = `SELECT uid, flags, kw, size, received, created, thread FROM placement WHERE +an = $1 AND msg = $2 AND +mb = $3 ORDER BY uid LIMIT 1`
	sqlSent        = `SELECT an, mb, msg FROM sent WHERE person = $1 AND h = $2 AND appended = $3 AND until > $4`
	sqlTied        = `SELECT id, an, thread, sealed FROM message WHERE id > $1 ORDER BY id LIMIT $2`
	sqlSetThread   = `UPDATE message SET thread = $3 WHERE id = $1 AND an = $2`
	sqlPlaceThread = `UPDATE placement SET thread = $3 WHERE msg = $1 AND an = $2`
	sqlThreadRef   = `SELECT thread FROM thread_ref WHERE an = $1 AND h = $2`
)

// Writing.
const (
	sqlTakeSeq      = `UPDATE account_seq SET seq = seq + $2 WHERE an = $1 RETURNING seq, bytes, quota, reads, scheduled`
	sqlUse          = `UPDATE account_seq SET bytes = bytes + $2, messages = messages + $3, threads = seq WHERE an = $1`
	sqlDeliver      = `UPDATE account_seq SET bytes = bytes + $2, messages = messages + 1, threads = seq, delivered = seq WHERE an = $1`
	sqlTouchThreads = `UPDATE account_seq SET threads = seq WHERE an = $1`
	sqlTakeUID      = `UPDATE mailbox_count SET uidnext = uidnext + $3, total = total + $3, unseen = unseen + $4, deleted = deleted + $5,
		bytes = bytes + $6, hiseq = $7 WHERE an = $1 AND mb = $2 RETURNING uidnext`
	sqlCount = `UPDATE mailbox_count SET total = total - $3, unseen = unseen + $4, deleted = deleted + $5, bytes = bytes - $6, hiseq = $7
		WHERE an = $1 AND mb = $2`
	sqlInsertMessage   = `INSERT INTO message (id, an, body, key, size, received, thread, sealed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	sqlInsertPlacement = `INSERT INTO placement (an, mb, uid, msg, flags, seen, kw, size, received, created, changed, thread)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11)`
	sqlInsertThreadRef = `INSERT INTO thread_ref (an, h, thread) VALUES ($1, $2, $3) ON CONFLICT (an, h) DO NOTHING`
	sqlInsertTodo      = `INSERT INTO index_todo (msg, an, gone) VALUES ($1, $2, $3) ON CONFLICT (msg) DO UPDATE SET gone = excluded.gone`
	sqlSetFlags        = `UPDATE placement SET flags = $4, seen = $5, kw = $6, changed = $7 WHERE an = $1 AND mb = $2 AND uid = $3`
	sqlMarkMany        = `UPDATE placement SET flags = $4 WHERE an = $1 AND mb = $2 AND uid = $3`
	sqlDeletePlacement = `DELETE FROM placement WHERE an = $1 AND mb = $2 AND uid = $3`
	sqlInsertGone      = `INSERT INTO gone (an, mb, hi, lo, changed, msg, at, flags, kw, created) VALUES ($1, $2, $3, $3, $4, $5, $6, $7, $8, $9)`
	sqlInsertSent      = `INSERT INTO sent (person, h, an, mb, msg, appended, until) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (person, h) DO UPDATE SET an = excluded.an, mb = excluded.mb, msg = excluded.msg, appended = excluded.appended, until = excluded.until`
	sqlInsertFolderGone = `INSERT INTO folder_gone (an, mb, changed, at) VALUES ($1, $2, $3, $4)`
	sqlTouchFolder      = `UPDATE mailbox SET changed = $3 WHERE an = $1 AND mb = $2`
	sqlInsertKeyword    = `INSERT INTO keyword (an, kw, name, folded) VALUES ($1, $2, $3, $4)`
	sqlRenameFolder     = `UPDATE mailbox SET parent = $3, name = $4, changed = $5 WHERE an = $1 AND mb = $2`
)

// dropFolder takes an empty folder away. Runs of vanished UIDs have nobody to be told to any more.
var dropFolder = []string{
	`DELETE FROM mailbox WHERE an = $1 AND mb = $2`,
	`DELETE FROM mailbox_count WHERE an = $1 AND mb = $2`,
	`DELETE FROM unsubscribed WHERE an = $1 AND mb = $2`,
	`DELETE FROM reader_count WHERE an = $1 AND mb = $2`,
	`DELETE FROM gone WHERE an = $1 AND mb = $2 AND msg = 0`,
}

// Undeletion. A message that vanished in several places is lost from the last of them.
const (
	sqlLost = `SELECT g.mb, g.hi, g.at, g.msg, g.flags, g.kw, m.size, m.received, m.thread,
		CASE WHEN EXISTS (SELECT 1 FROM kept k WHERE k.an = g.an AND k.msg = g.msg) THEN 1 ELSE 0 END FROM gone g JOIN message m ON m.id = g.msg AND m.an = g.an
		WHERE g.an = $1 AND g.msg <> 0 AND g.at >= $2 AND g.at < $3
		AND NOT EXISTS (SELECT 1 FROM placement p WHERE +p.an = g.an AND p.msg = g.msg)
		AND NOT EXISTS (SELECT 1 FROM gone l WHERE +l.an = g.an AND l.msg = g.msg AND l.msg <> 0
			AND (l.changed > g.changed OR l.changed = g.changed AND (l.mb > g.mb OR l.mb = g.mb AND l.hi > g.hi)))`
	sqlStillLost = `SELECT 1 FROM message m WHERE m.id = $2 AND m.an = $1
		AND NOT EXISTS (SELECT 1 FROM placement p WHERE +p.an = m.an AND p.msg = m.id)`
)

// Upkeep.
const (
	sqlLapsed = `SELECT an, mb, hi, msg, changed, at FROM gone WHERE at >= $4 AND at < $1 AND msg <> 0
		AND NOT EXISTS (SELECT 1 FROM kept k WHERE k.an = gone.an AND k.msg = gone.msg AND k.until > $3) ORDER BY at LIMIT $2`
	sqlKeep          = `INSERT INTO kept (an, msg, until) VALUES ($1, $2, $3) ON CONFLICT (an, msg) DO UPDATE SET until = excluded.until`
	sqlLetGo         = `DELETE FROM kept WHERE an = $1 AND msg = $2`
	sqlGoneLater     = `SELECT 1 FROM gone WHERE +an = $1 AND msg = $2 AND msg <> 0 AND at >= $3 LIMIT 1`
	sqlDeleteMessage = `DELETE FROM message WHERE id = $1 AND an = $2 RETURNING body`
	sqlDeleteGone    = `DELETE FROM gone WHERE an = $1 AND mb = $2 AND hi = $3`
	// The row that ends right before a UID, the UID's own, and the one after it.
	sqlGoneAround   = `SELECT lo, hi, changed, msg FROM gone WHERE an = $1 AND mb = $2 AND hi >= $3 ORDER BY hi LIMIT 3`
	sqlInsertRun    = `INSERT INTO gone (an, mb, hi, lo, changed, msg, at) VALUES ($1, $2, $3, $4, $5, 0, 0)`
	sqlPastHorizon  = `UPDATE account_mail SET horizon = $2 WHERE an = $1 AND horizon < $2`
	sqlFoldersDue   = `SELECT an, mb, changed FROM folder_gone WHERE at < $1 ORDER BY at LIMIT $2`
	sqlForgetFolder = `DELETE FROM folder_gone WHERE an = $1 AND mb = $2`
	sqlSentDue      = `SELECT person, h FROM sent WHERE until < $1 ORDER BY until LIMIT $2`
	sqlForgetSent   = `DELETE FROM sent WHERE person = $1 AND h = $2 AND until < $3`
	sqlReseal       = `UPDATE message SET sealed = $3, size = $4 WHERE id = $1 AND an = $2`
	sqlReferenced   = `SELECT 1 FROM message WHERE body = $1 LIMIT 1`
)

// An account as a whole: its states, an overview of it, and what happened to it after a point.
const (
	sqlStates = `SELECT s.reads, s.threads, s.delivered, m.horizon,
	(SELECT MAX(c.hiseq) FROM mailbox_count c WHERE c.an = $1), (SELECT MAX(f.changed) FROM mailbox f WHERE f.an = $1),
	COALESCE((SELECT MAX(g.changed) FROM folder_gone g WHERE g.an = $1), 0),
	(SELECT i.validity FROM mailbox i WHERE i.an = $1 AND i.mb = 1)
	FROM account_seq s JOIN account_mail m ON m.an = s.an WHERE s.an = $1`
	sqlOwnState = `SELECT COALESCE(MAX(c.hiseq), 0), (SELECT COUNT(*) FROM reader r WHERE r.an = $1 AND r.person = $2)
	FROM reader_count c WHERE c.an = $1 AND c.person = CASE WHEN EXISTS (SELECT 1 FROM reader r WHERE r.an = $1 AND r.person = $2) THEN $2 ELSE 0 END`
	sqlPlaces = `SELECT mb, ` + rowColumns + ` FROM placement WHERE an = $1 AND (mb > $2 OR mb = $2 AND uid > $3) ORDER BY mb, uid LIMIT $4`
	// The unary plus: see sqlRowsOf.
	sqlPlacesOf = `SELECT mb, ` + rowColumns + ` FROM placement WHERE +an = $1 AND msg = $2 ORDER BY mb, uid`
	sqlMovedOn  = `SELECT msg FROM placement WHERE an = $1 AND changed > $2
		UNION SELECT msg FROM gone WHERE an = $1 AND changed > $2 AND msg <> 0 LIMIT $3`
	sqlMarkedOn    = `SELECT msg FROM seen_by WHERE an = $1 AND person = $2 AND changed > $3 LIMIT $4`
	sqlPlacedSince = `SELECT msg, mb, changed FROM placement WHERE an = $1 AND changed > $2 AND changed <= $4 ORDER BY changed LIMIT $3`
	sqlGoneSince   = `SELECT msg, mb, changed FROM gone WHERE an = $1 AND changed > $2 AND changed <= $4 AND msg <> 0 ORDER BY changed LIMIT $3`
	sqlReadSince   = `SELECT s.msg, p.mb, s.changed FROM seen_by s JOIN placement p ON p.msg = s.msg AND +p.an = s.an
		WHERE s.an = $1 AND s.changed > $2 AND s.changed <= $4 AND s.person = $5 ORDER BY s.changed LIMIT $3`
	sqlGoneOf      = `SELECT created, changed FROM gone WHERE +an = $1 AND msg = $2 AND msg <> 0`
	sqlFolderNos   = `SELECT mb FROM mailbox WHERE an = $1`
	sqlFolderRole  = `SELECT mb FROM mailbox WHERE an = $1 AND role = $2`
	sqlFolderSeqs  = `SELECT mb, created, changed FROM mailbox WHERE an = $1`
	sqlFoldersGone = `SELECT mb FROM folder_gone WHERE an = $1 AND changed > $2 ORDER BY mb`
	sqlThreadOf    = `SELECT thread FROM message WHERE id = $1 AND an = $2`
)

// What people's folders and the concepts beside the store need.
const (
	sqlSetFolder      = `UPDATE mailbox SET parent = $3, name = $4, role = $5, sort = CASE WHEN CAST($6 AS BIGINT) < 0 THEN sort ELSE $6 END, changed = $7 WHERE an = $1 AND mb = $2`
	sqlSetScheduled   = `UPDATE account_seq SET scheduled = $2 WHERE an = $1`
	sqlThreadMessages = `SELECT id FROM message WHERE +an = $1 AND thread = $2 AND thread <> id ORDER BY id DESC LIMIT $3`
	sqlFirstOfThread  = `SELECT id FROM message WHERE +an = $1 AND id = $2 AND thread = id`
	sqlMark           = `UPDATE placement SET kw = $4, changed = $5 WHERE an = $1 AND mb = $2 AND uid = $3`
)

package search

import (
	"context"
	"slices"
	"strconv"

	"haven"
	"haven/platform/db"
)

// token is a word, or the beginning of one, of one account as the index knows it: a keyed hash whose last bit
// tells where it was found.
type token uint64

const inBody token = 1

func tokenOf(hash uint64, place token) token { return token(hash)&^inBody | place }

// doc is what the index is told of a message.
type doc struct {
	msg     haven.MessageID
	account haven.AccountNo
	tokens  []token

	documents bool // it has some, whether they were read or not
}

// engine is what differs between an index on SQLite and one on PostgreSQL.
type engine interface {
	// put takes docs in, in ascending order of message and each in the place of what was known of it, and removes what is
	// gone, all or nothing.
	put(ctx context.Context, docs []doc, gone []haven.MessageID) error
	// ask calls unread, which reads of the main database what the index doesn't know yet, and then fn with what finds an account's
	// messages. find knows all but what unread was told: it looks into the same snapshot or a later one.
	ask(ctx context.Context, main *db.DB, account haven.AccountNo, unread func(*db.Tx) error, fn func(find) error) error
	// tidy makes queries quick again after many puts.
	tidy(ctx context.Context) error
	close() error
}

// find gives the messages from lo to hi, ascending, that have of every group at least one token. On SQLite it may give messages
// of other accounts, at the odds of two hashes being the same.
type find func(groups [][]token, lo, hi haven.MessageID) ([]haven.MessageID, error)

// fileEngine is the index as a file of its own.
type fileEngine struct{ db *db.DB }

func (e fileEngine) close() error { return e.db.Close() }

func (e fileEngine) put(ctx context.Context, docs []doc, gone []haven.MessageID) error {
	return e.db.Write(ctx, func(tx *db.Tx) error {
		for _, msg := range gone {
			tx.Exec(sqlFileRemove, int64(msg))
		}
		var text []byte
		for _, d := range docs {
			text = text[:0]
			for _, t := range d.tokens {
				text = append(appendToken(text, t), ' ')
			}
			tx.Exec(sqlFilePut, int64(d.msg), string(text))
		}
		return nil
	})
}

func (e fileEngine) ask(ctx context.Context, main *db.DB, _ haven.AccountNo, unread func(*db.Tx) error, fn func(find) error) error {
	if err := main.Read(ctx, unread); err != nil {
		return errMain{err}
	}
	return fn(func(groups [][]token, lo, hi haven.MessageID) ([]haven.MessageID, error) {
		return e.find(ctx, groups, lo, hi)
	})
}

// errMain is an error of the main database, which is none of the index's.
type errMain struct{ error }

func (e errMain) Unwrap() error { return e.error }

func (e fileEngine) find(ctx context.Context, groups [][]token, lo, hi haven.MessageID) (found []haven.MessageID, err error) {
	match := matchExpression(groups)
	err = e.db.Read(ctx, func(tx *db.Tx) error {
		found = found[:0]
		return tx.Query(sqlFileFind, []any{match, int64(lo), int64(hi)}, func(r db.Row) error {
			found = append(found, haven.MessageID(r.Int64(0)))
			return nil
		})
	})
	return found, err
}

// matchExpression is groups in the language of FTS5: (a OR b) AND (c).
func matchExpression(groups [][]token) string {
	var b []byte
	for i, group := range groups {
		if i > 0 {
			b = append(b, " AND "...)
		}
		b = append(b, '(')
		for k, t := range group {
			if k > 0 {
				b = append(b, " OR "...)
			}
			b = append(appendToken(append(b, '"'), t), '"')
		}
		b = append(b, ')')
	}
	return string(b)
}

const tokenLetters = "0123456789abcdefghijklmnopqrstuv"

// appendToken writes 50 bits of t as ten letters and digits: 49 of the hash, and the place. Two words of an account with a
// million words are taken for one another once in 500 million queries.
func appendToken(b []byte, t token) []byte {
	v := uint64(t)>>14&^1 | uint64(t&inBody)
	for shift := 45; shift >= 0; shift -= 5 {
		b = append(b, tokenLetters[v>>shift&31])
	}
	return b
}

// tableEngine is the index as a table of the main database.
type tableEngine struct{ db *db.DB }

func (fileEngine) tidy(context.Context) error { return nil } // FTS5 merges as it goes

func (e tableEngine) tidy(ctx context.Context) error {
	return e.db.Write(ctx, func(tx *db.Tx) error {
		tx.Exec(sqlTableTidy)
		return nil
	})
}

func (tableEngine) close() error { return nil } // the main database is not ours to close

func (e tableEngine) put(ctx context.Context, docs []doc, gone []haven.MessageID) error {
	return e.db.Write(ctx, func(tx *db.Tx) error {
		for _, msg := range gone {
			tx.Exec(sqlTableRemove, int64(msg))
		}
		for _, d := range docs {
			tx.Exec(sqlTablePut, int64(d.msg), int64(d.account), arrayText(d.tokens))
		}
		return nil
	})
}

// ask reads the table in the snapshot that tells its state. The lock comes first: a TRUNCATE after the snapshot was taken would
// show it empty all the same (PostgreSQL manual, 13.6).
func (e tableEngine) ask(ctx context.Context, main *db.DB, account haven.AccountNo, unread func(*db.Tx) error, fn func(find) error) error {
	return main.Read(ctx, func(tx *db.Tx) error {
		tx.Exec(sqlTableLock)
		if err := unread(tx); err != nil {
			return err
		}
		tx.Exec(sqlTableNoScan)
		return fn(func(groups [][]token, lo, hi haven.MessageID) ([]haven.MessageID, error) {
			return tableFind(tx, account, groups, lo, hi)
		})
	})
}

func tableFind(tx *db.Tx, account haven.AccountNo, groups [][]token, lo, hi haven.MessageID) (found []haven.MessageID, err error) {
	sql, args := sqlTableFind, []any{int64(account), int64(lo), int64(hi)}
	for _, group := range groups {
		args = append(args, arrayText(group))
		sql += ` AND tokens && CAST(CAST($` + strconv.Itoa(len(args)) + ` AS TEXT) AS BIGINT[])`
	}
	err = tx.Query(sql, args, func(r db.Row) error {
		found = append(found, haven.MessageID(r.Int64(0)))
		return nil
	})
	slices.Sort(found)
	return found, err
}

// arrayText writes tokens as PostgreSQL reads an array.
func arrayText(tokens []token) string {
	b := []byte{'{'}
	for i, t := range tokens {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(t), 10)
	}
	return string(append(b, '}'))
}

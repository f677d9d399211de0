package db

import (
	"fmt"
	"regexp"
	"strings"

	"haven/platform/errs"
)

// Schema is the tables of one concept, as steps that only add. A step once released is never edited. A step is
// one or more statements; these words stand for what the engines call differently:
//
//	            SQLite          PostgreSQL
//	{int}       INTEGER         BIGINT            integers, bools as 0 and 1, times in microseconds
//	{text}      TEXT            TEXT COLLATE "C"  compared octet by octet on both
//	{blob}      BLOB            BYTEA
//	{norowid}   WITHOUT ROWID                     after the closing bracket, for narrow rows led by the account
//	{narrow}                    WITH (fillfactor=50)  after {norowid}, for small rows that are updated often
type Schema struct {
	Concept string
	Steps   []string
}

// stepTable remembers which steps were done. It is the same text on both engines.
const stepTable = `CREATE TABLE IF NOT EXISTS schema_step (
	concept {text} NOT NULL, step {int} NOT NULL, PRIMARY KEY (concept, step)) {norowid}`

const (
	sqlStepsDone = `SELECT COALESCE(MAX(step), 0) FROM schema_step WHERE concept = $1`
	sqlStepDone  = `INSERT INTO schema_step (concept, step) VALUES ($1, $2)`
)

var sqliteWords = strings.NewReplacer(
	"{int}", "INTEGER", "{text}", "TEXT", "{blob}", "BLOB", "{norowid}", "WITHOUT ROWID", "{narrow}", "")

var postgresWords = strings.NewReplacer(
	"{int}", "BIGINT", "{text}", `TEXT COLLATE "C"`, "{blob}", "BYTEA", "{norowid}", "", "{narrow}", "WITH (fillfactor=50)")

var wordPattern = regexp.MustCompile(`\{[a-z]+\}`)

// checkSchemas refuses what could not be migrated whole: unknown words, no or double names.
func checkSchemas(schemas []Schema) error {
	known := make(map[string]bool)
	for _, s := range schemas {
		if s.Concept == "" || known[s.Concept] {
			return errs.Wrap(errs.Internal, fmt.Errorf("two schemas are named %q", s.Concept), "")
		}
		known[s.Concept] = true
		for i, step := range s.Steps {
			if word := wordPattern.FindString(sqliteWords.Replace(step)); word != "" {
				return errs.Wrap(errs.Internal, fmt.Errorf("step %d of %s has an unknown word %s", i+1, s.Concept, word), "")
			}
		}
	}
	return nil
}

// checkDone refuses a database that a newer program has changed.
func checkDone(s Schema, done int64) error {
	if done <= int64(len(s.Steps)) {
		return nil
	}
	return errs.E(errs.Invalid, "The database was changed by a newer version of Haven: its tables of %q are at step %d, "+
		"this version knows %d. Start the newer version again, or restore the back-up taken before the upgrade.",
		s.Concept, done, len(s.Steps))
}

// hasSteps reports whether the database was ever migrated. A table can only be looked for in each engine's own words.
func hasSteps(tx *Tx) (there bool, err error) {
	sql := `SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_step'`
	if tx.Engine() == "postgres" {
		sql = `SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'schema_step'`
	}
	err = tx.Query(sql, nil, func(Row) error { there = true; return nil })
	return there, err
}

// checkCurrent refuses what Migrate would change, or would refuse.
func checkCurrent(s Schema, done int64, there bool) error {
	switch {
	case !there:
		return errs.E(errs.Invalid, "The database is empty: no service has used it. Check its path or URL in the configuration, or restore a back-up.")
	case done < int64(len(s.Steps)):
		return errs.E(errs.Invalid, "The database was made by an older version of Haven: its tables of %q are at step %d, "+
			"this version has %d. Start the service once, which brings it up to date, or use the version that made it.",
			s.Concept, done, len(s.Steps))
	}
	return checkDone(s, done)
}

// stepFault names the step that failed.
func stepFault(s Schema, step int64, err error) error {
	return errs.Wrap(errs.KindOf(err), fmt.Errorf("step %d of %s: %w", step, s.Concept, err),
		"The database could not be brought to this version.")
}

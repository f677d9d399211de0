package search

import "haven/platform/db"

// IndexConcept and IndexTables name what a back-up leaves out on PostgreSQL, since it is built from the mail again. On SQLite the
// index is a file of its own.
const IndexConcept = "searchindex"

// IndexTables are the tables of IndexConcept.
var IndexTables = []string{"index_word"}

// Restored makes the search begin a new index over a store that was read back from a back-up: an index that is still
// there may know letters that are not in this store.
func Restored(tx *db.Tx) { tx.Exec(sqlForgetState) }

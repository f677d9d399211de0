package mailbox

import (
	"strings"
	"testing"

	"haven/platform/db"
	"haven/platform/db/dbtest"
)

// A statement that looks for one message must not go through its account: with ten letters nobody notices, with a hundred
// thousand the writer stands still.
func TestOneMessageIsLookedUp(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, "sqlite", Schema)
	for _, c := range []struct {
		name, sql, index string
		args             int
	}{
		{"rows of messages", sqlRowsOf, "placement_msg", 3},
		{"placements of a message", sqlSiblings, "placement_msg", 2},
		{"a copy in Sent", sqlCopyIn, "placement_msg", 3},
		{"expunged later", sqlGoneLater, "gone_msg", 3},
	} {
		var plan []string
		err := d.Read(t.Context(), func(tx *db.Tx) error {
			args := make([]any, c.args)
			for i := range args {
				args[i] = int64(1)
			}
			return tx.Query("EXPLAIN QUERY PLAN "+c.sql, args, func(r db.Row) error {
				plan = append(plan, r.Text(3))
				return nil
			})
		})
		if got := strings.Join(plan, "; "); err != nil || !strings.Contains(got, " "+c.index+" (msg=?") {
			t.Errorf("%s: %q, %v; want index %s", c.name, got, err, c.index)
		}
	}
}

package account

import (
	"time"

	"haven"
	"haven/platform/db"
)

// UsedIn is when each of some people logged in last, on the pages or with a mail program, to the day; who never did, or not for as long as places are known, is
// left out.
func UsedIn(tx *db.Tx, people []haven.AccountNo) (map[haven.AccountNo]time.Time, error) {
	used := make(map[haven.AccountNo]time.Time, len(people))
	if len(people) == 0 {
		return used, nil
	}
	for _, sql := range []string{sqlPlacesUsed, sqlAppsUsed} {
		err := db.QueryAmong(tx, sql, people, func(r db.Row) error {
			no, at := haven.AccountNo(r.Int64(0)), db.Moment(r.Int64(1))
			if at.After(used[no]) {
				used[no] = at
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return used, nil
}

package secret

import (
	"context"
	"time"

	"haven"
	"haven/platform/db"
)

// Schema is the tables of the key store, a database of its own: nothing else may live there, and none of it in the
// mail's database. The newest service key is the one in use.
var Schema = db.Schema{Concept: "secret", Steps: []string{
	`CREATE TABLE service_key (n {int} PRIMARY KEY, wrapped {blob} NOT NULL, made {int} NOT NULL)`,
	`CREATE TABLE account_key (an {int} PRIMARY KEY, wrapped {blob} NOT NULL,
		service {int} NOT NULL REFERENCES service_key (n))`,
	`CREATE INDEX account_key_service ON account_key (service)`,
	`CREATE TABLE key_destroyed (an {int} PRIMARY KEY, at {int} NOT NULL)`,
	`CREATE TABLE named_secret (name {text} PRIMARY KEY, sealed {blob} NOT NULL,
		service {int} NOT NULL REFERENCES service_key (n))`,
}}

// wrapped is a key or a secret as it lies in a row, and the service key that opens it.
type wrapped struct {
	sealed  []byte
	service int64
}

func scanWrapped(r db.Row) wrapped {
	return wrapped{sealed: append([]byte(nil), r.Bytes(0)...), service: r.Int64(1)}
}

func readServices(tx *db.Tx) (map[int64][]byte, error) {
	all := map[int64][]byte{}
	err := tx.Query(`SELECT wrapped, n FROM service_key`, nil, func(r db.Row) error {
		all[r.Int64(1)] = append([]byte(nil), r.Bytes(0)...)
		return nil
	})
	return all, err
}

// insertService adds a service key under the number after the newest; false if another process has just taken it.
func insertService(tx *db.Tx, n int64, sealed []byte, at time.Time) (bool, error) {
	added, err := tx.Change(`INSERT INTO service_key (n, wrapped, made) VALUES ($1, $2, $3) ON CONFLICT (n) DO NOTHING`,
		n, sealed, at.UnixMicro())
	return added == 1, err
}

// Begun reports whether a key store holds a service key: whether Open made it before.
func Begun(ctx context.Context, d *db.DB) (begun bool, err error) {
	err = d.Read(ctx, func(tx *db.Tx) error {
		services, err := readServices(tx)
		begun = len(services) > 0
		return err
	})
	return begun, err
}

// hasService proves within a transaction that a service key is still there to be referred to.
func hasService(tx *db.Tx, n int64) (bool, error) {
	found := false
	err := tx.Query(`SELECT n FROM service_key WHERE n = $1`, []any{n}, func(db.Row) error {
		found = true
		return nil
	})
	return found, err
}

func readAccount(tx *db.Tx, no haven.AccountNo) (w wrapped, found bool, err error) {
	err = tx.Query(`SELECT wrapped, service FROM account_key WHERE an = $1`, []any{int64(no)}, func(r db.Row) error {
		w, found = scanWrapped(r), true
		return nil
	})
	return w, found, err
}

// LastNumber is the highest account number that has, or had, a data key; 0 if none has.
func LastNumber(tx *db.Tx) (last haven.AccountNo, err error) {
	err = tx.Query(`SELECT an FROM account_key UNION ALL SELECT an FROM key_destroyed ORDER BY an DESC LIMIT 1`, nil, func(r db.Row) error {
		last = haven.AccountNo(r.Int64(0))
		return nil
	})
	return last, err
}

func insertAccount(tx *db.Tx, no haven.AccountNo, w wrapped) error {
	_, err := tx.Change(`INSERT INTO account_key (an, wrapped, service) VALUES ($1, $2, $3)`, int64(no), w.sealed, w.service)
	return err
}

func deleteAccount(tx *db.Tx, no haven.AccountNo) (bool, error) {
	n, err := tx.Change(`DELETE FROM account_key WHERE an = $1`, int64(no))
	return n == 1, err
}

func insertDestroyed(tx *db.Tx, no haven.AccountNo, at time.Time) {
	tx.Exec(`INSERT INTO key_destroyed (an, at) VALUES ($1, $2)`, int64(no), at.UnixMicro())
}

func readDestroyed(tx *db.Tx, no haven.AccountNo) (at time.Time, found bool, err error) {
	err = tx.Query(`SELECT at FROM key_destroyed WHERE an = $1`, []any{int64(no)}, func(r db.Row) error {
		at, found = time.UnixMicro(r.Int64(0)), true
		return nil
	})
	return at, found, err
}

// oldAccounts lists accounts whose key lies under another service key than the newest.
func oldAccounts(tx *db.Tx, service int64, limit int) (map[haven.AccountNo]wrapped, error) {
	all := map[haven.AccountNo]wrapped{}
	err := tx.Query(`SELECT wrapped, service, an FROM account_key WHERE service < $1 LIMIT $2`, []any{service, int64(limit)},
		func(r db.Row) error {
			all[haven.AccountNo(r.Int64(2))] = scanWrapped(r)
			return nil
		})
	return all, err
}

func moveAccount(tx *db.Tx, no haven.AccountNo, from int64, to wrapped) {
	tx.Exec(`UPDATE account_key SET wrapped = $1, service = $2 WHERE an = $3 AND service = $4`,
		to.sealed, to.service, int64(no), from)
}

func readNamed(tx *db.Tx, name string) (w wrapped, found bool, err error) {
	err = tx.Query(`SELECT sealed, service FROM named_secret WHERE name = $1`, []any{name}, func(r db.Row) error {
		w, found = scanWrapped(r), true
		return nil
	})
	return w, found, err
}

func writeNamed(tx *db.Tx, name string, w wrapped) {
	tx.Exec(`INSERT INTO named_secret (name, sealed, service) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed, service = excluded.service`, name, w.sealed, w.service)
}

// insertNamed keeps what is there already.
func insertNamed(tx *db.Tx, name string, w wrapped) {
	tx.Exec(`INSERT INTO named_secret (name, sealed, service) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING`,
		name, w.sealed, w.service)
}

// moveNamed seals a secret under another service key. One that was deleted or set anew meanwhile stays as it is.
func moveNamed(tx *db.Tx, name string, from int64, to wrapped) {
	tx.Exec(`UPDATE named_secret SET sealed = $1, service = $2 WHERE name = $3 AND service = $4`, to.sealed, to.service, name, from)
}

func deleteNamed(tx *db.Tx, name string) { tx.Exec(`DELETE FROM named_secret WHERE name = $1`, name) }

// namedAfter lists the names that begin with a prefix that ends in an ASCII character.
func namedAfter(tx *db.Tx, prefix string) (names []string, err error) {
	last := len(prefix) - 1
	end := prefix[:last] + string(rune(prefix[last]+1))
	err = tx.Query(`SELECT name FROM named_secret WHERE name > $1 AND name < $2`, []any{prefix, end}, func(r db.Row) error {
		names = append(names, r.Text(0))
		return nil
	})
	return names, err
}

func oldNamed(tx *db.Tx, service int64) (map[string]wrapped, error) {
	all := map[string]wrapped{}
	err := tx.Query(`SELECT sealed, service, name FROM named_secret WHERE service < $1`, []any{service}, func(r db.Row) error {
		all[r.Text(2)] = scanWrapped(r)
		return nil
	})
	return all, err
}

// deleteServices removes service keys older than one that nothing lies under.
func deleteServices(tx *db.Tx, before int64) (int64, error) {
	return tx.Change(`DELETE FROM service_key WHERE n < $1
		AND NOT EXISTS (SELECT 1 FROM account_key a WHERE a.service = service_key.n)
		AND NOT EXISTS (SELECT 1 FROM named_secret s WHERE s.service = service_key.n)`, before)
}

package backup

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"haven/platform/db"
	"haven/platform/errs"
)

const (
	tablesDir       = "tables"
	stepTable       = "schema_step" // migrating fills it
	connectPatience = 10 * time.Second
	endPatience     = 5 * time.Second
)

// connect opens a connection of our own, on which nothing is stopped for taking long.
func connect(ctx context.Context, c db.Config) (*pgx.Conn, error) {
	pc, err := pgx.ParseConfig(c.Path)
	if err != nil {
		return nil, errs.Wrap(errs.Invalid, err, "The URL of the database can't be read.")
	}
	pc.ConnectTimeout = connectPatience
	for _, name := range []string{"statement_timeout", "idle_in_transaction_session_timeout", "lock_timeout"} {
		pc.RuntimeParams[name] = "0"
	}
	pc.RuntimeParams["application_name"] = "haven backup"
	if c.Schema != "" {
		pc.RuntimeParams["search_path"] = c.Schema
	}
	conn, err := pgx.ConnectConfig(ctx, pc)
	return conn, said(err, "The database does not answer.")
}

// disconnect ends a connection, and with it any transaction that is open, also when ctx has ended.
func disconnect(ctx context.Context, conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endPatience)
	defer cancel()
	return conn.Close(ctx)
}

// dumpPostgres writes every table to a file of its own, all as of one moment, in the order in which they load.
func dumpPostgres(ctx context.Context, c db.Config, dir string, m *Manifest, rebuilt []Rebuilt, p *progress) (err error) {
	conn, err := connect(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, disconnect(ctx, conn)) }()
	if _, err := conn.Exec(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"); err != nil {
		return err
	}
	if m.Steps, err = postgresSteps(ctx, conn); err != nil {
		return err
	}
	tables, err := dumpOrder(ctx, conn, rebuilt)
	if err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(dir, tablesDir), 0o700); err != nil {
		return err
	}
	var size int64
	if err := conn.QueryRow(ctx, sqlSize, tables).Scan(&size); err != nil {
		return err
	}
	p.more(size)
	for _, name := range tables {
		if err := dumpTable(ctx, conn, dir, name, m, p); err != nil {
			return err
		}
	}
	return syncDir(filepath.Join(dir, tablesDir))
}

const (
	sqlTables = `SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') ORDER BY relname`

	sqlReferences = `SELECT a.relname, b.relname FROM pg_constraint k JOIN pg_class a ON a.oid = k.conrelid
		JOIN pg_class b ON b.oid = k.confrelid WHERE k.contype = 'f' AND k.connamespace = current_schema()::regnamespace`

	sqlColumns = `SELECT attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
		WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = $1 AND attnum > 0 AND NOT attisdropped ORDER BY attnum`

	sqlSize = `SELECT COALESCE(SUM(pg_table_size(oid)), 0)::bigint FROM pg_class
		WHERE relnamespace = current_schema()::regnamespace AND relname = ANY($1)`
)

func postgresSteps(ctx context.Context, conn *pgx.Conn) (map[string]int, error) {
	tables, err := texts(ctx, conn, sqlTables)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(tables, stepTable) {
		return nil, errs.E(errs.Invalid, "The schema of the database holds no tables of Haven.")
	}
	steps := map[string]int{}
	rows, err := conn.Query(ctx, sqlSteps)
	if err != nil {
		return nil, err
	}
	var concept string
	var step int
	_, err = pgx.ForEachRow(rows, []any{&concept, &step}, func() error {
		steps[concept] = step
		return nil
	})
	return steps, err
}

// dumpOrder is every table but those left out, each after those it refers to.
func dumpOrder(ctx context.Context, conn *pgx.Conn, rebuilt []Rebuilt) ([]string, error) {
	tables, err := texts(ctx, conn, sqlTables)
	if err != nil {
		return nil, err
	}
	tables = slices.DeleteFunc(tables, func(t string) bool {
		return t == stepTable || slices.ContainsFunc(rebuilt, func(r Rebuilt) bool { return slices.Contains(r.Tables, t) })
	})
	rows, err := conn.Query(ctx, sqlReferences)
	if err != nil {
		return nil, err
	}
	var refs []reference
	var r reference
	if _, err := pgx.ForEachRow(rows, []any{&r.from, &r.to}, func() error {
		refs = append(refs, r)
		return nil
	}); err != nil {
		return nil, err
	}
	order := loadOrder(tables, refs)
	if order == nil && len(tables) > 0 {
		return nil, errs.Wrap(errs.Internal, errors.New("tables refer to each other in a ring"), "")
	}
	return order, nil
}

func dumpTable(ctx context.Context, conn *pgx.Conn, dir, name string, m *Manifest, p *progress) error {
	columns, err := texts(ctx, conn, sqlColumns, name)
	if err != nil {
		return err
	}
	t := Table{Name: name, Columns: columns, File: tablesDir + "/" + name + ".copy"}
	out, err := create(ctx, filepath.Join(dir, filepath.FromSlash(t.File)), p)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(out, 1<<20)
	tag, err := conn.PgConn().CopyTo(ctx, w, t.copySQL("TO STDOUT"))
	err = errors.Join(err, w.Flush())
	file, fin := out.finish(t.File)
	t.Rows = tag.RowsAffected()
	m.Tables, m.Files = append(m.Tables, t), append(m.Files, file)
	return errors.Join(err, fin)
}

// copySQL names the columns, so that the order in which a later version makes them doesn't matter.
func (t Table) copySQL(direction string) string {
	columns := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		columns[i] = pgx.Identifier{c}.Sanitize()
	}
	return fmt.Sprintf("COPY %s (%s) %s (FORMAT binary)", pgx.Identifier{t.Name}.Sanitize(), strings.Join(columns, ", "), direction)
}

// loadPostgres fills the tables, which are there and hold what their schema begins with at most, in one transaction.
func loadPostgres(ctx context.Context, c db.Config, dir string, m *Manifest, p *progress) (err error) {
	conn, err := connect(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, disconnect(ctx, conn)) }()
	if _, err := conn.Exec(ctx, "BEGIN"); err != nil {
		return err
	}
	for _, t := range slices.Backward(m.Tables) { // those first that refer to others
		if _, err := conn.Exec(ctx, "DELETE FROM "+pgx.Identifier{t.Name}.Sanitize()); err != nil {
			return err
		}
	}
	for _, t := range m.Tables {
		if err := loadTable(ctx, conn, dir, t, p); err != nil {
			return err
		}
	}
	_, err = conn.Exec(ctx, "COMMIT")
	return err
}

func loadTable(ctx context.Context, conn *pgx.Conn, dir string, t Table, p *progress) error {
	f, err := os.Open(filepath.Join(dir, filepath.FromSlash(t.File)))
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // only read
	tag, err := conn.PgConn().CopyFrom(ctx, &reading{ctx, f, p}, t.copySQL("FROM STDIN"))
	if err == nil && tag.RowsAffected() != t.Rows {
		err = errs.E(errs.Invalid, "The back-up of the table %s holds %d rows; its manifest says %d.", t.Name, tag.RowsAffected(), t.Rows)
	}
	return err
}

// postgresEmpty reports whether the schema has no table yet. A schema that isn't there is empty.
func postgresEmpty(ctx context.Context, c db.Config) (empty bool, err error) {
	conn, err := connect(ctx, c)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, disconnect(ctx, conn)) }()
	tables, err := texts(ctx, conn, sqlTables)
	return len(tables) == 0, err
}

// dropTables empties a schema that was empty before.
func dropTables(ctx context.Context, c db.Config) (err error) {
	conn, err := connect(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, disconnect(ctx, conn)) }()
	tables, err := texts(ctx, conn, sqlTables)
	if err != nil || len(tables) == 0 {
		return err
	}
	for i, t := range tables {
		tables[i] = pgx.Identifier{t}.Sanitize()
	}
	_, err = conn.Exec(ctx, "DROP TABLE "+strings.Join(tables, ", ")+" CASCADE")
	return err
}

func texts(ctx context.Context, conn *pgx.Conn, sql string, args ...any) ([]string, error) {
	rows, err := conn.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

package db

import (
	"context"
	"errors"
	"hash/fnv"

	"github.com/jackc/pgx/v5"
)

// migrate holds an advisory lock of the schema, on a connection that is closed afterwards and lets go of it.
func (e *postgresEngine) migrate(ctx context.Context, schemas []Schema) (err error) {
	if err := checkSchemas(schemas); err != nil {
		return err
	}
	pooled, err := e.acquire(ctx)
	if err != nil {
		return err
	}
	conn := pooled.Hijack()
	ctx, cancel := context.WithTimeout(ctx, migratePatience)
	defer cancel()
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	for _, s := range []statement{
		{sql: "SET lock_timeout = 0"}, {sql: "SET statement_timeout = 0"},
		{sql: "SELECT pg_advisory_lock($1)", args: []any{e.lockNumber()}},
	} {
		if _, err := conn.Exec(ctx, s.sql, s.args...); err != nil {
			return postgresFault(err, conn.IsClosed(), s.sql)
		}
	}
	if err := postgresScript(ctx, conn, stepTable); err != nil {
		return err
	}
	for _, s := range schemas {
		if err := migrateConcept(ctx, conn, s); err != nil {
			return err
		}
	}
	return nil
}

// lockNumber is a number for the advisory lock: advisory locks belong to the whole database.
func (e *postgresEngine) lockNumber() int64 {
	h := fnv.New64a()
	h.Write([]byte("haven schema_step " + e.config.Schema))
	return int64(h.Sum64())
}

func migrateConcept(ctx context.Context, conn *pgx.Conn, s Schema) error {
	var done int64
	if err := conn.QueryRow(ctx, sqlStepsDone, s.Concept).Scan(&done); err != nil {
		return postgresFault(err, conn.IsClosed(), sqlStepsDone)
	}
	if err := checkDone(s, done); err != nil {
		return err
	}
	for ; done < int64(len(s.Steps)); done++ {
		if err := migrateStep(ctx, conn, s, done); err != nil {
			return stepFault(s, done+1, err)
		}
	}
	return nil
}

func migrateStep(ctx context.Context, conn *pgx.Conn, s Schema, done int64) error {
	if err := postgresScript(ctx, conn, "BEGIN"); err != nil {
		return err
	}
	err := postgresScript(ctx, conn, s.Steps[done])
	if err == nil {
		_, err = conn.Exec(ctx, sqlStepDone, s.Concept, done+1)
		err = postgresFault(err, conn.IsClosed(), sqlStepDone)
	}
	if err != nil {
		return errors.Join(err, postgresScript(ctx, conn, "ROLLBACK"))
	}
	return postgresScript(ctx, conn, "COMMIT")
}

// postgresScript runs statements one after the other, by the simple protocol.
func postgresScript(ctx context.Context, conn *pgx.Conn, sql string) error {
	sql = postgresWords.Replace(sql)
	if !hasSQL(sql) {
		return nil
	}
	err := conn.PgConn().Exec(ctx, sql).Close()
	return postgresFault(err, conn.IsClosed(), sql)
}

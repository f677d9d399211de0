package db

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"haven/platform/errs"
)

func TestKindsOfStates(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]errs.Kind{
		"23505": errs.Conflict,
		"23503": errs.Internal, // a reference to what isn't there is a fault of ours
		"23502": errs.Internal,
		"40001": errs.Transient,
		"40P01": errs.Transient,
		"55P03": errs.Transient,
		"53100": errs.Transient, // disk full
		"53300": errs.Transient, // too many connections
		"57P01": errs.Transient, // shut down by an operator
		"57014": errs.Transient, // statement_timeout
		"08006": errs.Transient,
		"58030": errs.Transient,
		"22021": errs.Invalid,
		"25006": errs.Internal, // a write in a Read
		"42601": errs.Internal,
		"":      errs.Internal,
	} {
		if got := kindOfState(code); got != want {
			t.Errorf("%s: %v, want %v", code, got, want)
		}
	}
}

// TestFullDiskOfPostgres: it is told as one of SQLite is, so that what goes on without room goes on here too.
func TestFullDiskOfPostgres(t *testing.T) {
	t.Parallel()
	for code, full := range map[string]bool{"53100": true, "53200": false, "53300": false} {
		err := postgresFault(&pgconn.PgError{Code: code}, false, "INSERT")
		if errs.IsStorageFull(err) != full || !errs.Is(err, errs.Transient) {
			t.Errorf("%s: %v", code, err)
		}
	}
}

// numeric writes PostgreSQL's binary numeric with these digits to the base of 10,000.
func numeric(weight int16, sign uint16, digits ...uint16) []byte {
	b := binary.BigEndian.AppendUint16(nil, uint16(len(digits)))
	b = binary.BigEndian.AppendUint16(b, uint16(weight))
	b = binary.BigEndian.AppendUint16(b, sign)
	b = binary.BigEndian.AppendUint16(b, 0)
	for _, d := range digits {
		b = binary.BigEndian.AppendUint16(b, d)
	}
	return b
}

func TestWholeNumeric(t *testing.T) {
	t.Parallel()
	const minus = 0x4000
	for _, c := range []struct {
		name string
		raw  []byte
		want int64
	}{
		{"zero", numeric(0, 0), 0},
		{"one digit", numeric(0, 0, 7), 7},
		{"negative", numeric(1, minus, 1, 234), -10234},
		{"trailing zeros are left out", numeric(2, 0, 5), 500_000_000},
		{"a fraction is cut", numeric(0, 0, 12, 5000), 12},
		{"less than one", numeric(-1, 0, 5000), 0},
		{"the largest", numeric(4, 0, 922, 3372, 368, 5477, 5807), math.MaxInt64},
		{"cut short", []byte{0, 1, 0}, 0},
	} {
		if got := wholeNumeric(c.raw); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

// Whatever a server sends as a row, reading it neither panics nor runs for long.
func FuzzRow(f *testing.F) {
	f.Add(uint32(pgtype.NumericOID), true, numeric(1, 0, 1, 2))
	f.Add(uint32(pgtype.NumericOID), true, numeric(math.MaxInt16, 0, 1))
	f.Add(uint32(pgtype.Int8OID), true, []byte{1, 2, 3})
	f.Add(uint32(pgtype.TextOID), false, []byte("12"))
	f.Add(uint32(pgtype.Float8OID), true, []byte{0x7f, 0xf0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(_ *testing.T, oid uint32, binaryFormat bool, raw []byte) {
		field := pgconn.FieldDescription{DataTypeOID: oid}
		if binaryFormat {
			field.Format = pgtype.BinaryFormatCode
		}
		r := &postgresRow{fields: []pgconn.FieldDescription{field}, raw: [][]byte{raw}}
		r.Int64(0)
		r.Text(0)
		r.Bool(0)
		r.Bytes(0)
		r.Null(0)
	})
}

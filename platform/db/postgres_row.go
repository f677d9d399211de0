package db

import (
	"encoding/binary"
	"math"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// postgresRow reads a row as it came over the wire, mostly in PostgreSQL's binary formats. Besides our own column
// types it knows what expressions give: int4 (constants), bool (comparisons), numeric (SUM), float8.
type postgresRow struct {
	fields []pgconn.FieldDescription
	raw    [][]byte
}

func (r *postgresRow) Null(col int) bool    { return r.raw[col] == nil }
func (r *postgresRow) Bytes(col int) []byte { return r.raw[col] }
func (r *postgresRow) Bool(col int) bool    { return r.Int64(col) != 0 }

func (r *postgresRow) Int64(col int) int64 {
	raw, f := r.raw[col], &r.fields[col]
	if f.Format == pgtype.TextFormatCode || isText(f.DataTypeOID) {
		n, _ := strconv.ParseInt(string(raw), 10, 64) // no number reads as 0, as on SQLite
		return n
	}
	switch f.DataTypeOID {
	case pgtype.NumericOID:
		return wholeNumeric(raw)
	case pgtype.Float8OID:
		if len(raw) == 8 {
			return int64(math.Float64frombits(binary.BigEndian.Uint64(raw)))
		}
		return 0
	}
	switch len(raw) {
	case 8:
		return int64(binary.BigEndian.Uint64(raw))
	case 4:
		return int64(int32(binary.BigEndian.Uint32(raw)))
	case 2:
		return int64(int16(binary.BigEndian.Uint16(raw)))
	case 1:
		return int64(raw[0])
	}
	return 0
}

func (r *postgresRow) Text(col int) string {
	raw, f := r.raw[col], &r.fields[col]
	if raw == nil {
		return ""
	}
	if f.Format == pgtype.TextFormatCode || isText(f.DataTypeOID) || f.DataTypeOID == pgtype.ByteaOID {
		return string(raw)
	}
	return strconv.FormatInt(r.Int64(col), 10)
}

func isText(oid uint32) bool {
	return oid == pgtype.TextOID || oid == pgtype.VarcharOID || oid == pgtype.UnknownOID || oid == pgtype.BPCharOID
}

// wholeNumeric reads the whole part of a numeric: a header of four int16 (number of digits, weight of the first,
// sign, scale), then digits to the base of 10,000.
func wholeNumeric(raw []byte) int64 {
	if len(raw) < 8 {
		return 0
	}
	digits, weight := int(binary.BigEndian.Uint16(raw)), int(int16(binary.BigEndian.Uint16(raw[2:])))
	negative := binary.BigEndian.Uint16(raw[4:]) == 0x4000
	var n int64
	for i := 0; i <= weight; i++ {
		n *= 10_000
		if i < digits && 10+2*i <= len(raw) {
			n += int64(binary.BigEndian.Uint16(raw[8+2*i:]))
		}
	}
	if negative {
		return -n
	}
	return n
}

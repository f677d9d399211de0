package audit

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"haven/platform/db"
	"haven/platform/errs"
)

// sealAtOnce bounds what one transaction seals, so that mail waits behind it for milliseconds only.
const sealAtOnce = 200

// Sealer numbers, chains and signs records. Several processes may run one each: the row of the head is their
// lock.
type Sealer struct {
	db     *db.DB
	signer note.Signer
	log    *slog.Logger
}

// NewSealer returns a Sealer that signs heads with signer (Ed25519, golang.org/x/mod/sumdb/note) and prints each
// to log.
func NewSealer(d *db.DB, signer note.Signer, log *slog.Logger) *Sealer {
	return &Sealer{db: d, signer: signer, log: log}
}

// Seal seals all that is waiting and returns how many records that were. Call it every second and at the end.
func (s *Sealer) Seal(ctx context.Context) (int, error) {
	sealed := 0
	for {
		waiting, err := s.waiting(ctx)
		if err != nil || !waiting {
			return sealed, err
		}
		n, head, err := s.step(ctx)
		if err != nil {
			return sealed, err
		}
		sealed += n
		if n > 0 {
			s.log.Info("audit head", "n", head.N, "hash", hex.EncodeToString(head.Hash[:]))
		}
		if n < sealAtOnce {
			return sealed, nil
		}
	}
}

func (s *Sealer) waiting(ctx context.Context) (any bool, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		any = false
		return tx.Query(sqlAnyTodo, nil, func(db.Row) error { any = true; return nil })
	})
	return any, err
}

func (s *Sealer) step(ctx context.Context) (n int, head Head, err error) {
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		if err := tx.Query(sqlLockHead, nil, func(r db.Row) error { head = scanHead(r); return nil }); err != nil {
			return err
		}
		rows, err := nextRows(tx)
		if err != nil || len(rows) == 0 {
			n = 0
			return err
		}
		for _, row := range rows {
			head.N++
			hash := link(head.N, head.Hash, row.octets) // of its own: Exec may read it only later
			head.Hash = hash
			tx.Exec(sqlSeal, head.N, row.at, row.nonce, hash[:])
			tx.Exec(sqlDone, row.at, row.nonce)
		}
		signed, err := note.Sign(&note.Note{Text: head.text(s.signer.Name())}, s.signer)
		if err != nil {
			return errs.Wrap(errs.Internal, err, "")
		}
		tx.Exec(sqlSetHead, head.N, head.Hash[:], string(signed))
		n = len(rows)
		return nil
	})
	return n, head, err
}

type row struct {
	at, nonce int64
	octets    []byte
}

func nextRows(tx *db.Tx) ([]row, error) {
	var rows []row
	err := tx.Query(sqlNext, []any{int64(sealAtOnce)}, func(r db.Row) error {
		rows = append(rows, row{r.Int64(0), r.Int64(1), octets(r, 0)})
		return nil
	})
	return rows, err
}

// octets writes a record so that two different records are never written alike: two numbers, then each field
// with its length before it, beginning at the given column.
func octets(r db.Row, from int) []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(r.Int64(from)))
	b = binary.BigEndian.AppendUint64(b, uint64(r.Int64(from+1)))
	for i := from + 2; i < from+6; i++ {
		b = appendField(b, r.Bytes(i))
	}
	for i := from + 6; i < from+11; i++ {
		b = appendField(b, []byte(r.Text(i)))
	}
	return b
}

func appendField(b, field []byte) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(field))), field...)
}

// link is the hash of the n-th record: over its number, the hash before it, and its octets.
func link(n int64, before [32]byte, octets []byte) [32]byte {
	h := sha256.New()
	h.Write([]byte("haven audit record 1\n"))
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(n)))
	h.Write(before[:])
	h.Write(octets)
	return [32]byte(h.Sum(nil))
}

// Head is the end of the chain: how many records it has, and the hash of the last.
type Head struct {
	N    int64
	Hash [32]byte
	Note string // the signed note, as stored
}

func scanHead(r db.Row) Head {
	h := Head{N: r.Int64(0)}
	copy(h.Hash[:], r.Bytes(1))
	return h
}

// text is what is signed: three lines, as a transparency log's checkpoint has them (origin, size, hash).
func (h Head) text(origin string) string {
	return fmt.Sprintf("%s\n%d\n%s\n", origin, h.N, base64.StdEncoding.EncodeToString(h.Hash[:]))
}

// parseHead reads what text wrote.
func parseHead(text string) (Head, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 {
		return Head{}, errs.E(errs.Invalid, "a head has three lines: origin, number, hash")
	}
	n, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return Head{}, errs.E(errs.Invalid, "the second line of a head is a number")
	}
	hash, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(hash) != 32 {
		return Head{}, errs.E(errs.Invalid, "the third line of a head is a hash in base64")
	}
	return Head{N: n, Hash: [32]byte(hash)}, nil
}

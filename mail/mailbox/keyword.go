package mailbox

import (
	"strings"

	"haven"
	"haven/platform/db"
	"haven/platform/errs"
)

// maxKeywords is how many keywords an account has: one bit each. When they are used up, PERMANENTFLAGS loses its \*.
const maxKeywords = 64

// MaxKeywords is how many keywords an account may have.
const MaxKeywords = maxKeywords

func keywords(tx *db.Tx, account haven.AccountNo) ([]string, error) {
	var names []string
	err := tx.Query(sqlKeywords, []any{int64(account)}, func(r db.Row) error {
		for int64(len(names)) < r.Int64(0) {
			names = append(names, "")
		}
		names = append(names, r.Text(1))
		return nil
	})
	return names, err
}

// keywordBits are the bits of the named keywords, making those that are new where create says so. The account is locked.
func keywordBits(tx *db.Tx, account haven.AccountNo, names []string, create bool) (uint64, error) {
	if len(names) == 0 {
		return 0, nil
	}
	have, err := keywords(tx, account)
	if err != nil {
		return 0, err
	}
	var bits uint64
	for _, name := range names {
		i := indexFold(have, name)
		if i < 0 {
			if !create {
				continue
			}
			if err := checkKeyword(name); err != nil {
				return 0, err
			}
			if len(have) >= maxKeywords {
				return 0, &errs.Error{Kind: errs.TooMany, Rule: "mailbox.keywords", Say: "This mailbox has 64 keywords already. Use one of those."}
			}
			i = len(have)
			have = append(have, name)
			tx.Exec(sqlInsertKeyword, int64(account), int64(i), name, strings.ToLower(name))
		}
		bits |= 1 << i
	}
	return bits, nil
}

func indexFold(names []string, name string) int {
	for i, n := range names {
		if strings.EqualFold(n, name) {
			return i
		}
	}
	return -1
}

// checkKeyword holds a keyword to flag-keyword = atom (RFC 9051 §9) and 100 octets.
func checkKeyword(name string) error {
	bad := func(c rune) bool { return c <= ' ' || c >= 127 || strings.ContainsRune(`(){%*"\]`, c) }
	if name == "" || len(name) > 100 || strings.ContainsFunc(name, bad) {
		return errs.E(errs.Invalid, "A keyword is up to 100 letters, digits and signs, without spaces, brackets and quotes.")
	}
	return nil
}

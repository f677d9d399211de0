package mailbox

import (
	"fmt"
	"strings"

	"haven"
	"haven/platform/db"
	"haven/platform/errs"
)

// MaxKeywords is how many keywords an account may have at most: one bit each. When they are used up, PERMANENTFLAGS loses its \*.
const MaxKeywords = 64

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

// mostKeywords is how many keywords an account may have: the policy's number, and no more than there are bits.
func (s *Service) mostKeywords() int {
	if n := s.policy.Keywords; n > 0 && n < MaxKeywords {
		return n
	}
	return MaxKeywords
}

// keywordBits are the bits of the named keywords, making those that are new where create says so. The account is locked.
func (s *Service) keywordBits(tx *db.Tx, account haven.AccountNo, names []string, create bool) (uint64, error) {
	if len(names) == 0 {
		return 0, nil
	}
	set, err := s.keywordSet(tx, account)
	if err != nil {
		return 0, err
	}
	var bits uint64
	for _, name := range names {
		if Ours(name) {
			continue
		}
		if err := checkKeyword(name); err != nil && create {
			return 0, err
		}
		bit := set.find(name)
		if bit == 0 && create {
			if bit = set.add(name); bit == 0 {
				return 0, &errs.Error{Kind: errs.TooMany, Rule: "mailbox.keywords",
					Say: fmt.Sprintf("This mailbox has %d keywords already. Use one of those.", set.most)}
			}
		}
		bits |= bit
	}
	return bits, nil
}

// keywordSet is the keywords of one account, in the middle of a writing transaction that has locked it.
type keywordSet struct {
	tx      *db.Tx
	account haven.AccountNo
	names   []string
	most    int
}

func (s *Service) keywordSet(tx *db.Tx, account haven.AccountNo) (*keywordSet, error) {
	names, err := keywords(tx, account)
	return &keywordSet{tx, account, names, s.mostKeywords()}, err
}

// find is the bit of a keyword in any case, 0 when there is none of that name.
func (k *keywordSet) find(name string) uint64 {
	if i := indexFold(k.names, name); i >= 0 && name != "" {
		return 1 << i
	}
	return 0
}

// add makes a keyword, or returns 0 where there is no room for one.
func (k *keywordSet) add(name string) uint64 {
	i := len(k.names)
	if i >= k.most {
		return 0
	}
	k.names = append(k.names, name)
	k.tx.Exec(sqlInsertKeyword, int64(k.account), int64(i), name, strings.ToLower(name))
	return 1 << i
}

// findOrAdd is the bit of a keyword, which is made where there is none and room for it; else 0.
func (k *keywordSet) findOrAdd(name string) uint64 {
	if bit := k.find(name); bit != 0 {
		return bit
	}
	return k.add(name)
}

// kept are the bits of those keywords that the account has or has room for. It is for mail that comes from elsewhere: a
// letter is worth more than its keywords.
func (k *keywordSet) kept(names []string) (bits uint64) {
	for _, name := range names {
		if Ours(name) {
			continue
		}
		bit := k.find(name)
		if bit == 0 && checkKeyword(name) == nil {
			bit = k.add(name)
		}
		bits |= bit
	}
	return bits
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

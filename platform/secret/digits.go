package secret

import (
	"crypto/rand"
	"fmt"
	"math/big"
)

// Digits draws a code of so many digits, from 1 to 18, each as likely as any other: for people to type.
func Digits(n int) string {
	most := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
	code, err := rand.Int(rand.Reader, most)
	if err != nil {
		panic(err) // never (crypto/rand)
	}
	return fmt.Sprintf("%0*d", n, code)
}

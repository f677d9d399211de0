package document

import (
	"os"
	"testing"
)

// asReader makes this test binary the child that it tests; its value says how it behaves.
const asReader = "HAVEN_TEST_AS_READER"

func TestMain(m *testing.M) {
	switch os.Getenv(asReader) {
	case "":
		os.Exit(m.Run())
	case "extract":
		os.Exit(Child(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	case "hang":
		hang()
	case "eat":
		os.Exit(eat())
	case "spin":
		os.Exit(spin())
	case "crash":
		panic("as if")
	case "become":
		os.Exit(becomeNamed())
	case "probe":
		os.Exit(probe())
	}
}

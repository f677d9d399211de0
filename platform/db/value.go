package db

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"unicode/utf8"

	"haven"
	"haven/platform/errs"
)

// valueKind is what a parameter is to both engines.
type valueKind uint8

const (
	nullValue valueKind = iota
	intValue
	textValue
	bytesValue
)

// value is one parameter in the form that both engines know. It is passed by value, so that binding allocates nothing.
type value struct {
	kind  valueKind
	int   int64
	text  string
	bytes []byte
}

// valueOf reads a parameter as the package comment promises.
func valueOf(arg any) (value, error) {
	switch a := arg.(type) {
	case nil:
		return value{}, nil
	case int64:
		return intOf(a), nil
	case string:
		return textOf(a)
	case []byte:
		return bytesOf(a), nil
	case bool:
		return boolOf(a), nil
	case int:
		return intOf(int64(a)), nil
	case haven.AccountNo:
		return intOf(int64(a)), nil
	case haven.Seq:
		return intOf(int64(a)), nil
	case haven.UID:
		return intOf(int64(a)), nil
	case haven.MessageID:
		return intOf(int64(a)), nil
	case haven.MailboxNo:
		return intOf(int64(a)), nil
	case haven.AccountID:
		return bytesOf(a[:]), nil
	}
	return reflectedValue(arg)
}

func reflectedValue(arg any) (value, error) {
	switch v := reflect.ValueOf(arg); v.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return intOf(v.Int()), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if v.Uint() > math.MaxInt64 {
			return value{}, errs.Wrap(errs.Internal, errors.New("a number of more than 63 bits can't be stored"), "")
		}
		return intOf(int64(v.Uint())), nil
	case reflect.String:
		return textOf(v.String())
	case reflect.Bool:
		return boolOf(v.Bool()), nil
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return bytesOf(v.Bytes()), nil
		}
	}
	return value{}, errs.Wrap(errs.Internal, fmt.Errorf("a value of type %T can't be stored", arg), "")
}

func intOf(i int64) value { return value{kind: intValue, int: i} }

func boolOf(b bool) value {
	if b {
		return intOf(1)
	}
	return intOf(0)
}

func bytesOf(b []byte) value {
	if b == nil {
		return value{}
	}
	return value{kind: bytesValue, bytes: b}
}

// textOf refuses what PostgreSQL could not store, on SQLite too.
func textOf(s string) (value, error) {
	if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
		return value{}, errs.E(errs.Invalid, "A text holds octets that are no text.")
	}
	return value{kind: textValue, text: s}, nil
}

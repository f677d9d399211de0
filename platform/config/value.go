package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

var durationType = reflect.TypeFor[time.Duration]()

// set puts a TOML value into a field. Durations are text such as "90d", "30m" or "1h30m"; sizes may be text such as
// "35MB", where MB is a million octets and MiB is 1,048,576.
func set(f reflect.Value, v any) error {
	if f.Type() == durationType {
		s, ok := v.(string)
		if !ok {
			return fmt.Errorf("write a time as text with its unit, such as \"90d\", \"30m\" or \"10s\"")
		}
		d, err := parseDuration(s)
		if err == nil {
			f.SetInt(int64(d))
		}
		return err
	}
	switch f.Kind() {
	case reflect.String:
		return setString(f, v)
	case reflect.Bool:
		b, ok := v.(bool)
		if !ok {
			return fmt.Errorf("write true or false, without quotes")
		}
		f.SetBool(b)
		return nil
	case reflect.Slice:
		return setList(f, v)
	}
	return setNumber(f, v)
}

func setString(f reflect.Value, v any) error {
	s, ok := v.(string)
	if !ok {
		return fmt.Errorf("write text in quotes")
	}
	f.SetString(s)
	return nil
}

func setList(f reflect.Value, v any) error {
	list, ok := v.([]any)
	if !ok {
		return fmt.Errorf("write a list in square brackets")
	}
	out := reflect.MakeSlice(f.Type(), len(list), len(list))
	for i, item := range list {
		if err := set(out.Index(i), item); err != nil {
			return fmt.Errorf("item %d: %w", i+1, err)
		}
	}
	f.Set(out)
	return nil
}

func setNumber(f reflect.Value, v any) error {
	var n int64
	switch v := v.(type) {
	case int64:
		n = v
	case string:
		var err error
		if n, err = parseSize(v); err != nil {
			return err
		}
	default:
		return fmt.Errorf("write a whole number")
	}
	if n < 0 {
		return fmt.Errorf("write a number of 0 or more")
	}
	if f.CanInt() {
		if f.OverflowInt(n) {
			return fmt.Errorf("%d is too large", n)
		}
		f.SetInt(n)
		return nil
	}
	if f.OverflowUint(uint64(n)) {
		return fmt.Errorf("%d is too large", n)
	}
	f.SetUint(uint64(n))
	return nil
}

// parseDuration reads Go's durations, and days ("d") before them.
func parseDuration(s string) (time.Duration, error) {
	days, rest, found := strings.Cut(s, "d")
	if !found {
		days, rest = "0", s
	}
	n, err := strconv.Atoi(days)
	var d time.Duration
	if err == nil && rest != "" {
		d, err = time.ParseDuration(rest)
	}
	if err != nil || s == "" || n < 0 || d < 0 || n > 100_000 {
		return 0, fmt.Errorf("%q is no length of time; write it with its unit, such as \"90d\", \"30m\" or \"10s\"", s)
	}
	return time.Duration(n)*24*time.Hour + d, nil
}

var sizeUnits = []struct {
	name string
	n    int64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}, {"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}}

func parseSize(s string) (int64, error) {
	for _, u := range sizeUnits {
		if num, ok := strings.CutSuffix(s, u.name); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(num), 10, 64)
			if err == nil && n >= 0 && n <= (1<<62)/u.n {
				return n * u.n, nil
			}
		}
	}
	return 0, fmt.Errorf("%q is no number; write a whole number, for sizes also with a unit such as \"35MB\" or \"4GiB\"", s)
}

// show writes a value as the file would have it.
func show(f reflect.Value) string {
	if f.Type() == durationType {
		return strconv.Quote(showDuration(time.Duration(f.Int())))
	}
	switch f.Kind() {
	case reflect.String:
		return strconv.Quote(f.String())
	case reflect.Slice:
		items := make([]string, f.Len())
		for i := range items {
			items[i] = show(f.Index(i))
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	return fmt.Sprint(f.Interface())
}

func showDuration(d time.Duration) string {
	if days := d / (24 * time.Hour); days > 0 {
		if d %= 24 * time.Hour; d == 0 {
			return fmt.Sprintf("%dd", days)
		}
		return fmt.Sprintf("%dd%s", days, d)
	}
	return d.String()
}

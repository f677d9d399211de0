package passcode_test

import (
	"testing"

	"haven/e2e/stage"
)

func TestPremisesHasNoPasscode(t *testing.T) {
	t.Parallel()
	h, cast := stage.Demo(t)
	desk, team := cast.Person("Tess Okafor"), cast.Person("Carys Morgan")
	h.Admin("operator", "add", team.Address)
	h.Browse(t, "a-premises-has-no-passcode", map[string]any{"desk": desk, "team": team, "scenes": []map[string]any{ // one for each run of the story
		{"code": "FAM05", "telephone": "0113 2502432", "mobile": "07700 900821"},
		{"code": "FA670", "telephone": "0113 2583209", "mobile": "07700 900822"}, // nobody reads its registered e-mail
		{"code": "FA818", "telephone": "0114 2568011", "mobile": "07700 900823"},
	}})
}

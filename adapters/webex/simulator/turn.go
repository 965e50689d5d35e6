package simulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Knob is what there is to know about one knob.
type Knob struct {
	Name    string `json:"name"`
	Group   string `json:"group"` // time, limit, fault, background, list or rule; profiles leave rules alone
	Kind    string `json:"kind"`  // of value, in words
	Means   string `json:"means"`
	Default any    `json:"default"`
}

var knobsType = reflect.TypeFor[Knobs]()

// About explains all knobs, in the order of Knobs.
func About() (all []Knob) {
	defaults := reflect.ValueOf(DefaultKnobs())
	for i := range knobsType.NumField() {
		f := knobsType.Field(i)
		all = append(all, Knob{
			Name: f.Tag.Get("json"), Group: f.Tag.Get("group"), Kind: kindName(f.Type), Means: f.Tag.Get("means"),
			Default: defaults.Field(i).Interface(),
		})
	}
	return all
}

// Shown writes the value of a knob the way ParseKnob reads it.
func Shown(value any) string {
	switch v := value.(type) {
	case Delay:
		return v.String()
	case Duration:
		return strings.Trim(string(must(v)), `"`)
	case []string:
		return strings.Join(v, ",")
	case Mix:
		var parts []string
		for _, kind := range v.kinds() {
			parts = append(parts, kind+":"+strconv.FormatFloat(v[kind], 'g', -1, 64))
		}
		return strings.Join(parts, ",")
	case Problems:
		if len(v) == 0 {
			return ""
		}
	}
	return string(must(value))
}

// Get returns the value of the knob of a name; nil: there is none.
func (k Knobs) Get(name string) any {
	if i := indexOf(name); i >= 0 {
		return reflect.ValueOf(k).Field(i).Interface()
	}
	return nil
}

// ParseKnob reads the value of a knob as people write it: "0.05", "true",
// "200ms..1.2s", "a,b", "502:3,reset:1"; errors are JSON. Empty empties lists.
//
// Errors: there is no such knob, or the value is of another kind.
func ParseKnob(name, value string) (json.RawMessage, error) {
	i := indexOf(name)
	if i < 0 {
		return nil, unknownKnob(name)
	}
	kind := knobsType.Field(i).Type
	var read any = json.RawMessage(value)
	switch {
	case value == "" && (kind.Kind() == reflect.Slice || kind.Kind() == reflect.Map):
		return json.RawMessage("null"), nil
	case kind == reflect.TypeFor[Mix]() && !strings.HasPrefix(value, "{"):
		mix, err := ParseMix(value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		read = mix
	case kind == reflect.TypeFor[[]string]() && !strings.HasPrefix(value, "["):
		read = strings.Split(value, ",")
	case (kind == reflect.TypeFor[Delay]() && !strings.HasPrefix(value, "{")) || kind == reflect.TypeFor[Duration]():
		read = value
	}
	text, err := json.Marshal(read)
	if err != nil {
		return nil, fmt.Errorf("%s must be %s, not %q", name, kindName(kind), value)
	}
	return text, new(Knobs).turn(name, text)
}

// turn sets one knob, as a whole. k is not to be shared.
func (k *Knobs) turn(name string, value json.RawMessage) error {
	i := indexOf(name)
	if i < 0 {
		return unknownKnob(name)
	}
	fresh := reflect.New(knobsType.Field(i).Type)
	if err := strict(value, fresh.Interface()); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	reflect.ValueOf(k).Elem().Field(i).Set(fresh.Elem())
	return nil
}

// turned returns the knobs that differ from the default.
func (k Knobs) turned() map[string]any {
	out := map[string]any{}
	now := reflect.ValueOf(k)
	for i, about := range About() {
		if value := now.Field(i).Interface(); Shown(value) != Shown(about.Default) {
			out[about.Name] = value
		}
	}
	return out
}

// changeKnobs serves PUT /simulator/knobs: it turns those that the body names, all or
// none.
func (s *Simulator) changeKnobs(w http.ResponseWriter, r *http.Request, _ string) {
	named := map[string]json.RawMessage{}
	if !decode(w, r, &named) {
		return
	}
	k, err := s.turn(func(k *Knobs) error { return k.turnAll(named) }, named["seed"] != nil)
	if err != nil {
		badRequest(w, err)
		return
	}
	writeJSON(w, http.StatusOK, k)
}

func (k *Knobs) turnAll(values map[string]json.RawMessage) error {
	var names []string
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if err := k.turn(name, values[name]); err != nil {
			return err
		}
	}
	return nil
}

func indexOf(name string) int {
	for i := range knobsType.NumField() {
		if knobsType.Field(i).Tag.Get("json") == name {
			return i
		}
	}
	return -1
}

func unknownKnob(name string) error {
	for i := range knobsType.NumField() {
		if known := knobsType.Field(i).Tag.Get("json"); strings.EqualFold(known, name) {
			return fmt.Errorf("there is no knob %q; did you mean %s?", name, known)
		}
	}
	return fmt.Errorf("there is no knob %q", name)
}

// kindName says in words what a value is.
func kindName(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[Delay]():
		return "a delay"
	case reflect.TypeFor[Duration]():
		return "a time"
	case reflect.TypeFor[Mix]():
		return "a mix"
	case reflect.TypeFor[Problem]():
		return "an error"
	case reflect.TypeFor[Problems]():
		return "errors with weights"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Uint64, reflect.Int64:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	case reflect.Slice:
		return "a list"
	case reflect.Map, reflect.Struct:
		return "an object"
	}
	return "a text"
}

// must writes a value that can always be written.
func must(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return text
}

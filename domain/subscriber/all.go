package subscriber

import "ledgerline/domain"

// All is several commands as one: all of them are carried out, or none.
type All []Command

func (All) subscriberCommand() {}

func all(s State, commands All) ([]domain.Event, error) {
	var events []domain.Event
	for _, c := range commands {
		more, err := Decide(s, c)
		if err != nil {
			return nil, err
		}
		for _, e := range more {
			s = Evolve(s, e)
		}
		events = append(events, more...)
	}
	return events, nil
}

package main

import "fmt"

// span is a time in words, rounded up to what matters of it.
func span(seconds int) string {
	up := func(unit int) int { return (seconds + unit - 1) / unit }
	switch {
	case seconds < 1:
		return "a moment"
	case seconds < 60:
		return fmt.Sprintf("%d s", seconds)
	case seconds < 2*3600:
		return fmt.Sprintf("%d min", up(60))
	case seconds < 48*3600:
		return fmt.Sprintf("%d h", up(3600))
	}
	return fmt.Sprintf("%d days", up(24*3600))
}

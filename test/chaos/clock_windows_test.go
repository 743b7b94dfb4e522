package chaos

import "errors"

func steppingOverlay(string) (string, error) {
	return "", errors.New("the clock is stepped by signals, which this system lacks")
}

package code

import "testing"

// TestPlaces goes from tokens to instructions and back.
func TestPlaces(t *testing.T) {
	for name, c := range map[string]struct {
		bytecode string
		starts   []int // tokens at which a run can go on
		none     []int // tokens at which it can not
	}{
		"plain":           {`["_H",1,33,5,33,6,6,38]`, []int{2, 4, 6, 7, 8}, []int{-1, 0, 3, 5, 9}},
		"version 0":       {`["_h",33,5,38]`, []int{1, 3, 4}, []int{2}},
		"names of global": {`["_H",1,2,"f",0,32,"b",32,"a",1,2,38]`, []int{2, 5, 11, 12}, []int{7, 9, 10}},
		"function":        {`["_H",1,52,"f",0,0,3,33,1,38,53,0,35]`, []int{2, 7, 9, 12, 13}, []int{3, 8}},
		"into an operand": {`["_H",1,39,1,33,29,38]`, []int{2, 5, 6, 7}, []int{3}},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Load(decode(t, c.bytecode))
			if err != nil {
				t.Fatal(err)
			}
			for _, token := range c.starts {
				at, ok := p.Instruction(token)
				if !ok || p.Token(at) != token {
					t.Errorf("token %d: instruction %d, %v, which is at token %d", token, at, ok, p.Token(at))
				}
			}
			for _, token := range c.none {
				if at, ok := p.Instruction(token); ok {
					t.Errorf("token %d: instruction %d", token, at)
				}
			}
		})
	}
}

// TestPlaceOfNothing goes on before tokens that do nothing.
func TestPlaceOfNothing(t *testing.T) {
	p, err := Load(decode(t, `["_H",1,33,5,null,null,38]`))
	if err != nil {
		t.Fatal(err)
	}
	at, ok := p.Instruction(4)
	if !ok || p.Code[at].Op != OpReturn {
		t.Errorf("instruction %d, %v", at, ok)
	}
}

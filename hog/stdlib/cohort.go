package stdlib

import "github.com/prickle-dev/prickle/hog/vm"

func cohorts() []Function {
	return []Function{
		{Name: "inCohort", Min: 2, Max: 2, Exact: true, Doc: "Whether the id is in the list of cohorts.", Func: inCohort("inCohort", true), Examples: []Example{{"inCohort(1, [1, 2])", "true"}, {"inCohort('1', [1])", "true"}}},
		{Name: "notInCohort", Min: 2, Max: 2, Exact: true, Doc: "Whether the id is not in the list of cohorts.", Func: inCohort("notInCohort", false), Examples: []Example{{"notInCohort(3, [1, 2])", "true"}, {"notInCohort(1, [])", "true"}}},
	}
}

func inCohort(name string, found bool) func(*vm.Call, []vm.Value) (vm.Value, error) {
	return func(c *vm.Call, args []vm.Value) (vm.Value, error) {
		if args[1].IsNull() {
			return vm.Null(), vm.Throw(vm.NewError("Error",
				name+"() requires cohort membership to be loaded for this evaluation", vm.Null()))
		}
		ids, err := values(c, args[1:])
		if err != nil {
			return vm.Null(), err
		}
		list, _ := items(ids)
		for _, v := range list {
			if same, err := c.Equal(v, args[0]); err != nil || same {
				return vm.Bool(found), err
			}
		}
		return vm.Bool(!found), nil
	}
}

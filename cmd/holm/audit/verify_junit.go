package audit

import (
	"encoding/xml"
	"strconv"
	"time"

	"holm/guest/report"
)

// The JUnit format as continuous integration systems read it: an instance is a suite and a check a case. What proves
// nothing is an error, what does not apply is skipped.
type junitSuites struct {
	XMLName xml.Name     `xml:"testsuites"`
	Suites  []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name      string      `xml:"name,attr"`
	Tests     int         `xml:"tests,attr"`
	Failures  int         `xml:"failures,attr"`
	Errors    int         `xml:"errors,attr"`
	Skipped   int         `xml:"skipped,attr"`
	Timestamp string      `xml:"timestamp,attr"`
	Cases     []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	Seconds string        `xml:"time,attr"`
	Failure *junitMessage `xml:"failure"`
	Error   *junitMessage `xml:"error"`
	Skipped *junitMessage `xml:"skipped"`
	Out     string        `xml:"system-out,omitempty"`
}

type junitMessage struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

func junitReport(all []verification) ([]byte, error) {
	var doc junitSuites
	for _, v := range all {
		suite := junitSuite{
			Name: "holm verify " + v.Name, Tests: len(v.Results), Failures: v.Counts.Failed, Errors: v.Counts.Inconclusive,
			Skipped: v.Counts.NotApplicable, Timestamp: v.Began.UTC().Format(time.RFC3339),
		}
		for _, r := range v.Results {
			c := junitCase{
				Name: r.ID, Class: "holm." + v.Name + "." + string(r.Side),
				Seconds: strconv.FormatFloat(float64(r.Millis)/1000, 'f', 3, 64),
			}
			message := &junitMessage{Message: r.Found, Text: r.Promise + " (" + r.Source + ")\ntried: " + r.Tried + "\nfound: " + r.Found}
			switch r.Outcome {
			case report.Passed:
				c.Out = r.Tried + ": " + r.Found
			case report.NotApplicable:
				c.Skipped = message
			case report.Inconclusive:
				c.Error = message
			case report.Failed:
				c.Failure = message
			default:
				c.Failure = message
			}
			suite.Cases = append(suite.Cases, c)
		}
		doc.Suites = append(doc.Suites, suite)
	}
	content, err := xml.MarshalIndent(doc, "", "  ")
	if err != nil {
		return nil, err
	}
	return append([]byte(xml.Header), append(content, '\n')...), nil
}

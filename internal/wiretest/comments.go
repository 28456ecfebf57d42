package wiretest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
)

// comments are what the source says of types, "Pool", and of their fields, "Pool.Name".
type comments map[string]string

func readComments(dir string) (comments, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	all := comments{}
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, source, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		for _, declaration := range file.Decls {
			all.add(declaration)
		}
	}
	return all, nil
}

func (c comments) add(declaration ast.Decl) {
	general, ok := declaration.(*ast.GenDecl)
	if !ok || general.Tok != token.TYPE {
		return
	}
	for _, spec := range general.Specs {
		named, ok := spec.(*ast.TypeSpec)
		if !ok {
			continue
		}
		c[named.Name.Name] = oneLine(general.Doc.Text())
		shape, ok := named.Type.(*ast.StructType)
		if !ok {
			continue
		}
		for _, field := range shape.Fields.List {
			for _, name := range field.Names {
				c[named.Name.Name+"."+name.Name] = oneLine(field.Doc.Text())
			}
		}
	}
}

// of is what the source says, which has to say something.
func (c comments) of(name string) (string, error) {
	if c[name] == "" {
		return "", fmt.Errorf("%s has no comment: say what it is, and in which unit", name)
	}
	return c[name], nil
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

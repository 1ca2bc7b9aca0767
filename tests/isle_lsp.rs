//! The language server for rules, as an editor talks to it.

mod support;

use std::io::BufReader;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use lsp_server::{Message, Notification, Request};
use serde_json::{Value, json};

const TREE: &str = "\
;; A tree.
(type Node (primitive Node))
(type Op (enum (Add (x Node) (y Node)) Nop))
(decl op (Op) Node)
(extern extractor infallible op op)
;; The code for a tree.
(decl partial lower (Node) u64)
";

const LOWER: &str = "\
(rule add (lower (op (Op.Add x y))) 1)
(rule nop (lower (op (Op.Nop))) 2)
";

/// An editor with a rules folder.
struct Editor {
    folder: tempfile::TempDir,
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    requests: i32,
}

impl Editor {
    /// Starts the server; on disk are `tree.isle` and `arm64/lower.isle`.
    fn start() -> Editor {
        let folder = tempfile::tempdir().expect("a folder");
        let rules = folder.path().join("rules");
        std::fs::create_dir_all(rules.join("arm64")).expect("a folder in it");
        for (name, text) in [("tree.isle", TREE), ("arm64/lower.isle", LOWER)] {
            std::fs::write(rules.join(name), text).expect("a file");
        }
        let mut child = support::gene()
            .args(["isle", "lsp"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("gene starts");
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut editor = Editor {
            folder,
            child,
            input,
            output,
            requests: 0,
        };
        let ready = editor.ask("initialize", json!({"capabilities": {}}));
        ready.expect("the server is ready");
        editor.tell("initialized", json!({}));
        editor
    }

    fn uri(&self, name: &str) -> String {
        format!(
            "file://{}",
            self.folder.path().join("rules").join(name).display()
        )
    }

    fn send(&mut self, message: Message) {
        let input = self.input.as_mut().expect("the server listens");
        message.write(input).expect("the server listens");
    }

    fn receive(&mut self) -> Message {
        let message = Message::read(&mut self.output).expect("a message");
        message.expect("the server has not ended")
    }

    fn tell(&mut self, method: &str, params: Value) {
        let (method, params) = (method.to_string(), params);
        self.send(Message::Notification(Notification { method, params }));
    }

    /// Asks and gives the result, or the error.
    fn ask(&mut self, method: &str, params: Value) -> Result<Value, String> {
        self.requests += 1;
        let id = lsp_server::RequestId::from(self.requests);
        let request = Request::new(id.clone(), method.to_string(), params);
        self.send(Message::Request(request));
        loop {
            if let Message::Response(response) = self.receive() {
                assert_eq!(response.id, id);
                return match response.error {
                    Some(error) => Err(error.message),
                    None => Ok(response.result.unwrap_or(Value::Null)),
                };
            }
        }
    }

    fn open(&mut self, name: &str, text: &str) {
        let document =
            json!({"uri": self.uri(name), "languageId": "isle", "version": 1, "text": text});
        self.tell("textDocument/didOpen", json!({"textDocument": document}));
    }

    fn change(&mut self, name: &str, text: &str) {
        let document = json!({"uri": self.uri(name), "version": 2});
        let changes = json!([{"text": text}]);
        self.tell(
            "textDocument/didChange",
            json!({"textDocument": document, "contentChanges": changes}),
        );
    }

    /// The next diagnostics for a file.
    fn diagnostics(&mut self, name: &str) -> Vec<Value> {
        let uri = self.uri(name);
        loop {
            if let Message::Notification(notification) = self.receive()
                && notification.params["uri"] == uri
            {
                return notification.params["diagnostics"]
                    .as_array()
                    .expect("a list")
                    .clone();
            }
        }
    }

    /// A question about a place, with further parameters.
    fn ask_at(
        &mut self,
        method: &str,
        name: &str,
        place: (u32, u32),
        more: Value,
    ) -> Result<Value, String> {
        let mut params = json!({
            "textDocument": {"uri": self.uri(name)},
            "position": {"line": place.0, "character": place.1},
        });
        for (key, value) in more.as_object().expect("parameters") {
            params[key] = value.clone();
        }
        self.ask(method, params)
    }

    /// Says goodbye and gives the status that the server ends with.
    fn stop(mut self) -> Option<i32> {
        self.ask("shutdown", Value::Null)
            .expect("the server agrees");
        self.tell("exit", Value::Null);
        self.input = None;
        self.child.wait().expect("the server ends").code()
    }
}

fn range(line: u32, from: u32, to: u32) -> Value {
    json!({"start": {"line": line, "character": from}, "end": {"line": line, "character": to}})
}

#[test]
fn errors_appear_as_you_type_and_go_away() {
    let mut editor = Editor::start();
    editor.open("arm64/lower.isle", LOWER);
    assert_eq!(editor.diagnostics("arm64/lower.isle"), Vec::<Value>::new());

    editor.change(
        "arm64/lower.isle",
        "(rule add (lower (op (Op.Add x y))) (hi x))\n",
    );
    let wrong = editor.diagnostics("arm64/lower.isle");
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert_eq!(wrong[0]["code"], "E0104");
    assert_eq!(wrong[0]["range"], range(0, 37, 39));

    editor.change("arm64/lower.isle", LOWER);
    assert_eq!(editor.diagnostics("arm64/lower.isle"), Vec::<Value>::new());
    assert_eq!(editor.stop(), Some(0));
}

#[test]
fn a_conflict_points_to_both_rules() {
    let mut editor = Editor::start();
    let text = format!("{LOWER}(rule again (lower (op (Op.Add _ _))) 3)\n");
    editor.open("arm64/lower.isle", &text);
    let wrong = editor.diagnostics("arm64/lower.isle");
    assert_eq!(wrong[0]["code"], "E0301", "{wrong:?}");
    assert_eq!(wrong[0]["range"], range(2, 6, 11));
    let other = &wrong[0]["relatedInformation"][0];
    assert_eq!(other["location"]["uri"], editor.uri("arm64/lower.isle"));
    assert_eq!(other["location"]["range"], range(0, 6, 9));
    editor.stop();
}

#[test]
fn names_lead_to_their_definitions_in_other_files() {
    let mut editor = Editor::start();
    editor.open("arm64/lower.isle", LOWER);
    for (place, line, from, to) in [
        ((0, 12), 6, 14, 19),
        ((0, 25), 2, 16, 19),
        ((0, 22), 2, 6, 8),
    ] {
        let found = editor.ask_at(
            "textDocument/definition",
            "arm64/lower.isle",
            place,
            json!({}),
        );
        let expected = json!({"uri": editor.uri("tree.isle"), "range": range(line, from, to)});
        assert_eq!(found, Ok(expected), "{place:?}");
    }
    let nothing = editor.ask_at(
        "textDocument/definition",
        "arm64/lower.isle",
        (0, 1),
        json!({}),
    );
    assert_eq!(nothing, Ok(Value::Null));
    editor.stop();
}

#[test]
fn references_are_found_in_all_files() {
    let mut editor = Editor::start();
    editor.open("tree.isle", TREE);
    let context = json!({"context": {"includeDeclaration": false}});
    let found = editor.ask_at("textDocument/references", "tree.isle", (6, 16), context);
    let uri = editor.uri("arm64/lower.isle");
    let expected =
        json!([{"uri": uri, "range": range(0, 11, 16)}, {"uri": uri, "range": range(1, 11, 16)}]);
    assert_eq!(found, Ok(expected));
    editor.stop();
}

#[test]
fn hover_tells_declaration_comment_and_types() {
    let mut editor = Editor::start();
    editor.open("arm64/lower.isle", LOWER);
    for (place, expected) in [
        (
            (0, 12),
            "```lisp\n(decl partial lower (Node) u64)\n```\n\nThe code for a tree.\n\nMade by 2 rules.\n",
        ),
        ((0, 29), "```lisp\nx: Node\n```\n"),
        ((0, 25), "```lisp\n(Op.Add (x Node) (y Node))\n```\n"),
    ] {
        let hover = editor.ask_at("textDocument/hover", "arm64/lower.isle", place, json!({}));
        assert_eq!(
            hover.expect("an answer")["contents"]["value"],
            expected,
            "{place:?}"
        );
    }
    editor.stop();
}

#[test]
fn renaming_changes_every_use_and_refuses_what_is_taken() {
    let mut editor = Editor::start();
    editor.open("arm64/lower.isle", LOWER);
    let mut rename = |place, name: &str| {
        editor.ask_at(
            "textDocument/rename",
            "arm64/lower.isle",
            place,
            json!({"newName": name}),
        )
    };
    let edits = rename((0, 12), "code").expect("edits");
    let count = |edits: &Value| -> usize {
        let files = edits["changes"].as_object().expect("files").values();
        files
            .map(|edits| edits.as_array().map_or(0, Vec::len))
            .sum()
    };
    assert_eq!(count(&edits), 3, "{edits}");
    assert_eq!(count(&rename((0, 29), "left").expect("edits")), 1);
    assert_eq!(count(&rename((0, 26), "Sum").expect("edits")), 2);
    assert!(
        rename((0, 12), "op")
            .expect_err("taken")
            .contains("defined already")
    );
    assert!(
        rename((0, 12), "two words")
            .expect_err("no name")
            .contains("not a name")
    );
    assert!(rename((0, 37), "x").is_err());
    editor.stop();
}

#[test]
fn formatting_and_outline() {
    let mut editor = Editor::start();
    editor.open(
        "arm64/lower.isle",
        "(rule add\n  (lower (op (Op.Add x y)))\n 1)",
    );
    let params = json!({
        "textDocument": {"uri": editor.uri("arm64/lower.isle")},
        "options": {"tabSize": 2, "insertSpaces": true},
    });
    let edits = editor
        .ask("textDocument/formatting", params)
        .expect("edits");
    assert_eq!(
        edits[0]["newText"],
        "(rule add\n      (lower (op (Op.Add x y)))\n      1)\n"
    );
    editor.open("tree.isle", TREE);
    let params = json!({"textDocument": {"uri": editor.uri("tree.isle")}});
    let symbols = editor
        .ask("textDocument/documentSymbol", params)
        .expect("symbols");
    let names: Vec<_> = symbols
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| one["name"].clone())
        .collect();
    assert_eq!(names, ["Node", "Op", "op", "lower"]);
    assert_eq!(symbols[1]["children"][1]["name"], "Nop");
    editor.stop();
}

#[test]
fn what_follows_an_unclosed_form_is_known() {
    let mut editor = Editor::start();
    let text = format!("(rule half (lower (op (Op.Add x\n{LOWER}(rule odd (lower n) m)\n");
    editor.open("arm64/lower.isle", &text);
    let wrong = editor.diagnostics("arm64/lower.isle");
    let codes: Vec<_> = wrong.iter().map(|one| &one["code"]).collect();
    assert_eq!(codes, ["E0002", "E0203"], "{wrong:?}");
    assert_eq!(wrong[0]["range"], range(0, 22, 23));
    assert_eq!(wrong[1]["range"], range(3, 20, 21));
    let found = editor.ask_at(
        "textDocument/definition",
        "arm64/lower.isle",
        (1, 25),
        json!({}),
    );
    let expected = json!({"uri": editor.uri("tree.isle"), "range": range(2, 16, 19)});
    assert_eq!(found, Ok(expected));
    let hover = editor.ask_at("textDocument/hover", "arm64/lower.isle", (1, 29), json!({}));
    assert_eq!(
        hover.expect("an answer")["contents"]["value"],
        "```lisp\nx: Node\n```\n"
    );
    editor.stop();
}

#[test]
fn half_typed_files_are_no_trouble() {
    let mut editor = Editor::start();
    editor.open("tree.isle", TREE);
    let text = format!(
        "{LOWER}(rule more 1 (lower n @ (op (Op.Add x 5))) (let ((a Node x)) (f \"s\" $C a))) (; 𝄞 ;)\n"
    );
    editor.open("arm64/lower.isle", "");
    for (end, _) in text.char_indices() {
        editor.change("arm64/lower.isle", &text[..end]);
        for method in ["textDocument/hover", "textDocument/definition"] {
            let answer = editor.ask_at(method, "arm64/lower.isle", (2, end as u32 / 2), json!({}));
            assert!(answer.is_ok(), "{end}: {answer:?}");
        }
    }
    assert_eq!(editor.stop(), Some(0));
}

#[test]
fn what_the_server_does_not_know_is_answered_with_an_error() {
    let mut editor = Editor::start();
    assert!(editor.ask("textDocument/unheardOf", json!({})).is_err());
    assert!(
        editor
            .ask("textDocument/hover", json!({"wrong": 1}))
            .is_err()
    );
    editor.tell("textDocument/didOpen", json!({"wrong": 1}));
    let nowhere = Path::new("/no/such/file.isle").display().to_string();
    let place = json!({"textDocument": {"uri": nowhere}, "position": {"line": 0, "character": 0}});
    assert_eq!(editor.ask("textDocument/hover", place), Ok(Value::Null));
    assert_eq!(editor.stop(), Some(0));
}

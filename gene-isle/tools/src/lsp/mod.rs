//! The language server: what editors ask about rule files, over the language server protocol.
//!
//! It works on the folder of rules that an open file is in, with the texts that the editor holds.
//! All rules are checked anew when something has changed and no further message waits, which
//! takes some milliseconds; so there is nothing to keep up to date.

mod answers;
mod diagnostics;
mod positions;
mod workspace;

use std::collections::BTreeSet;
use std::error::Error;
use std::path::{Path, PathBuf};

use lsp_server::{Connection, ErrorCode, Message, Notification, Request, RequestId, Response};
use lsp_types::notification::{
    DidChangeTextDocument, DidChangeWatchedFiles, DidCloseTextDocument, DidOpenTextDocument,
    DidSaveTextDocument, Notification as _, PublishDiagnostics,
};
use lsp_types::request::{
    DocumentSymbolRequest, Formatting, GotoDefinition, HoverRequest, PrepareRenameRequest,
    References, Rename, Request as _,
};
use lsp_types::{
    DidChangeTextDocumentParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams,
    DocumentFormattingParams, DocumentSymbolParams, GotoDefinitionParams, HoverParams,
    HoverProviderCapability, OneOf, Position, PublishDiagnosticsParams, ReferenceParams,
    RenameOptions, RenameParams, ServerCapabilities, TextDocumentPositionParams,
    TextDocumentSyncCapability, TextDocumentSyncKind, Uri, WorkDoneProgressOptions,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use positions::path_of;
use workspace::{Document, Workspace};

type Failure = Box<dyn Error + Send + Sync>;

/// Serves the editor at standard input and output until it says goodbye.
///
/// # Errors
/// The editor does not keep to the protocol, or the connection breaks.
pub fn serve() -> Result<(), Failure> {
    let (connection, threads) = Connection::stdio();
    connection.initialize(serde_json::to_value(capabilities())?)?;
    let mut server = Server {
        connection,
        workspace: Workspace::default(),
        stale: false,
        marked: BTreeSet::new(),
    };
    server.run()?;
    // The threads end when nothing can be sent any more.
    drop(server);
    threads.join()?;
    Ok(())
}

fn capabilities() -> ServerCapabilities {
    ServerCapabilities {
        text_document_sync: Some(TextDocumentSyncCapability::Kind(TextDocumentSyncKind::FULL)),
        definition_provider: Some(OneOf::Left(true)),
        references_provider: Some(OneOf::Left(true)),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        document_symbol_provider: Some(OneOf::Left(true)),
        document_formatting_provider: Some(OneOf::Left(true)),
        rename_provider: Some(OneOf::Right(RenameOptions {
            prepare_provider: Some(true),
            work_done_progress_options: WorkDoneProgressOptions::default(),
        })),
        ..ServerCapabilities::default()
    }
}

struct Server {
    connection: Connection,
    workspace: Workspace,
    /// Whether something has changed since the rules were checked.
    stale: bool,
    /// The files whose diagnostics the editor shows.
    marked: BTreeSet<PathBuf>,
}

impl Server {
    fn run(&mut self) -> Result<(), Failure> {
        loop {
            if self.stale && self.connection.receiver.is_empty() {
                self.check()?;
            }
            let Ok(message) = self.connection.receiver.recv() else {
                return Ok(());
            };
            match message {
                Message::Request(request) => {
                    if self.connection.handle_shutdown(&request)? {
                        return Ok(());
                    }
                    if self.stale {
                        self.check()?;
                    }
                    let response = self.answer(request);
                    self.connection.sender.send(Message::Response(response))?;
                }
                Message::Notification(notification) => self.note(notification),
                // The server asks nothing.
                Message::Response(_) => {}
            }
        }
    }

    /// Checks all rules and has the editor show what is wrong.
    fn check(&mut self) -> Result<(), Failure> {
        self.stale = false;
        self.workspace.check();
        let mut files = diagnostics::by_file(&self.workspace);
        for path in &self.marked {
            files.entry(path.clone()).or_default();
        }
        for (path, diagnostics) in files {
            let marked = !diagnostics.is_empty();
            let was_marked = if marked {
                !self.marked.insert(path.clone())
            } else {
                self.marked.remove(&path)
            };
            let is_open = self.workspace.open.contains_key(&path);
            if !marked && !was_marked && !is_open {
                continue;
            }
            let Some(uri) = self.workspace.uri(&path) else {
                continue;
            };
            let params = PublishDiagnosticsParams::new(uri, diagnostics, None);
            let method = PublishDiagnostics::METHOD.to_string();
            let message = Notification::new(method, params);
            self.connection
                .sender
                .send(Message::Notification(message))?;
        }
        Ok(())
    }

    /// Takes note of what has changed. A notification cannot be answered, so one that makes no
    /// sense is passed over.
    fn note(&mut self, notification: Notification) {
        let params = notification.params;
        match notification.method.as_str() {
            DidOpenTextDocument::METHOD => {
                if let Ok(params) = parse::<DidOpenTextDocumentParams>(params) {
                    self.hold(params.text_document.uri, params.text_document.text);
                }
            }
            DidChangeTextDocument::METHOD => {
                if let Ok(params) = parse::<DidChangeTextDocumentParams>(params)
                    && let Some(change) = params.content_changes.into_iter().last()
                {
                    self.hold(params.text_document.uri, change.text);
                }
            }
            DidCloseTextDocument::METHOD => {
                if let Ok(params) = parse::<DidCloseTextDocumentParams>(params)
                    && let Some(path) = path_of(&params.text_document.uri)
                {
                    self.workspace.open.remove(&path);
                    self.stale = true;
                }
            }
            DidSaveTextDocument::METHOD | DidChangeWatchedFiles::METHOD => self.stale = true,
            _ => {}
        }
    }

    fn hold(&mut self, uri: Uri, text: String) {
        if let Some(path) = path_of(&uri) {
            self.workspace.open.insert(path, Document { uri, text });
            self.stale = true;
        }
    }

    fn answer(&self, request: Request) -> Response {
        let Request { id, method, params } = request;
        let result = match method.as_str() {
            GotoDefinition::METHOD => parse::<GotoDefinitionParams>(params).map(|params| {
                let at = &params.text_document_position_params;
                self.at(at, |path, place| {
                    answers::definition(&self.workspace, path, place)
                })
            }),
            References::METHOD => parse::<ReferenceParams>(params).map(|params| {
                let with_definition = params.context.include_declaration;
                self.at(&params.text_document_position, |path, place| {
                    Some(answers::references(
                        &self.workspace,
                        path,
                        place,
                        with_definition,
                    ))
                })
            }),
            HoverRequest::METHOD => parse::<HoverParams>(params).map(|params| {
                let at = &params.text_document_position_params;
                self.at(at, |path, place| {
                    answers::hover(&self.workspace, path, place)
                })
            }),
            DocumentSymbolRequest::METHOD => parse::<DocumentSymbolParams>(params).map(|params| {
                let path = path_of(&params.text_document.uri);
                value(path.and_then(|path| answers::symbols(&self.workspace, &path)))
            }),
            Formatting::METHOD => parse::<DocumentFormattingParams>(params).map(|params| {
                let path = path_of(&params.text_document.uri);
                let document = path.and_then(|path| self.workspace.open.get(&path));
                value(document.map(|document| answers::formatting(&document.text)))
            }),
            PrepareRenameRequest::METHOD => {
                parse::<TextDocumentPositionParams>(params).map(|params| {
                    self.at(&params, |path, place| {
                        answers::renamable(&self.workspace, path, place)
                    })
                })
            }
            Rename::METHOD => match parse::<RenameParams>(params) {
                Ok(params) => return self.rename(id, &params),
                Err(error) => Err(error),
            },
            _ => {
                let text = format!("`{method}` is not supported");
                return Response::new_err(id, ErrorCode::MethodNotFound as i32, text);
            }
        };
        match result {
            Ok(value) => Response::new_ok(id, value),
            Err(error) => Response::new_err(id, ErrorCode::InvalidParams as i32, error),
        }
    }

    fn rename(&self, id: RequestId, params: &RenameParams) -> Response {
        let at = &params.text_document_position;
        let path = path_of(&at.text_document.uri).unwrap_or_default();
        match answers::rename(&self.workspace, &path, at.position, &params.new_name) {
            Ok(edit) => Response::new_ok(id, edit),
            Err(why) => Response::new_err(id, ErrorCode::RequestFailed as i32, why),
        }
    }

    /// The answer to a question about a place; null if there is none.
    fn at<T: Serialize>(
        &self,
        at: &TextDocumentPositionParams,
        answer: impl FnOnce(&Path, Position) -> Option<T>,
    ) -> Value {
        let path = path_of(&at.text_document.uri);
        value(path.and_then(|path| answer(&path, at.position)))
    }
}

fn value(answer: impl Serialize) -> Value {
    serde_json::to_value(answer).unwrap_or(Value::Null)
}

fn parse<T: DeserializeOwned>(params: Value) -> Result<T, String> {
    serde_json::from_value(params).map_err(|error| error.to_string())
}

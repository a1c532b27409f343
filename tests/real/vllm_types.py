"""Loads the classes with which vLLM writes and reads the results of a batch, without vLLM.

vLLM itself needs PyTorch. `python vllm_types.py FOLDER` downloads its source distribution from PyPI into a folder;
`load(FOLDER)` then executes only the definitions that `BatchRequestOutput` needs.
"""

import ast
import builtins
import glob
import logging
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import types

VERSION = "0.33.0"
MODULE = "vllm.entrypoints.launchers.run_batch"

# pip runs setup.py for the metadata, which imports this from PyTorch.
STUBS = {
    "torch/__init__.py": "class version:\n    cuda = hip = xpu = None\n",
    "torch/utils/__init__.py": "",
    "torch/utils/cpp_extension.py": "CUDA_HOME = ROCM_HOME = None\n",
}


def download(folder):
    """Downloads the source distribution, and unpacks its Python files, unless they are there."""
    stamp = pathlib.Path(folder, f"complete-{VERSION}")
    if stamp.exists():
        return
    with tempfile.TemporaryDirectory() as stubs:
        for name, text in STUBS.items():
            path = pathlib.Path(stubs, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        env = {
            **os.environ,
            "PYTHONPATH": stubs,
            "VLLM_TARGET_DEVICE": "empty",
            "VLLM_VERSION_OVERRIDE": VERSION,
        }
        arguments = ["--quiet", "--no-deps", "--no-binary", ":all:", "--no-build-isolation"]
        command = [sys.executable, "-m", "pip", "download", *arguments, "--dest", stubs]
        subprocess.run([*command, f"vllm=={VERSION}"], env=env, check=True)
        (archive,) = glob.glob(f"{stubs}/vllm-*.tar.gz")
        with tarfile.open(archive) as files:
            python = [
                one
                for one in files
                if one.isfile() and one.name.startswith(f"vllm-{VERSION}/vllm/") and one.name.endswith(".py")
            ]
            files.extractall(folder, members=python, filter="data")
    stamp.touch()


class _Source:
    """A module of vLLM, of which only some definitions are executed."""

    def __init__(self, folder, name):
        path = pathlib.Path(folder, f"vllm-{VERSION}", *name.split("."))
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        self.package = name if path.is_dir() else name.rpartition(".")[0]
        self.module = types.ModuleType(name)
        sys.modules[f"extracted.{name}"] = self.module
        self.module.__name__ = f"extracted.{name}"
        self.definitions, self.imports = {}, {}
        for node in _statements(ast.parse(file.read_text())):
            match node:
                case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                    self.definitions[node.name] = node
                case ast.Assign(targets=[ast.Name(id=target)]) | ast.AnnAssign(target=ast.Name(id=target)):
                    self.definitions[target] = node
                case ast.Import() | ast.ImportFrom():
                    for alias in node.names:
                        self.imports[alias.asname or alias.name.partition(".")[0]] = (node, alias)


def _statements(module):
    """Returns the statements of a module, also those that are only for type checkers."""
    for node in module.body:
        if isinstance(node, (ast.If, ast.Try)):
            yield from node.body
        else:
            yield node


class _Logger(logging.LoggerAdapter):
    def __getattr__(self, name):
        return lambda *_: None  # `warning_once` and others


class _Loader:
    def __init__(self, folder):
        self.folder, self.sources = folder, {}

    def get(self, name, wanted):
        """Returns a name of a module of vLLM, and executes its definition before."""
        if name == "vllm.logger":
            return lambda name: _Logger(logging.getLogger(name), {})
        source = self.sources.get(name)
        if source is None:
            source = self.sources[name] = _Source(self.folder, name)
        space = vars(source.module)
        if wanted in space:
            return space[wanted]
        if wanted in source.definitions:
            node = source.definitions[wanted]
            for needed in {one.id for one in ast.walk(node) if isinstance(one, ast.Name)} - {wanted}:
                if needed in source.definitions or needed in source.imports:
                    self.get(name, needed)
                elif not hasattr(builtins, needed) and isinstance(node, (ast.Assign, ast.AnnAssign)):
                    raise NameError(f"{name}: {needed}")
            code = ast.Module([node], type_ignores=[])
            exec(compile(code, name, "exec"), space)
        else:
            node, alias = source.imports[wanted]
            space[wanted] = self._import(source, node, alias)
        return space[wanted]

    def _import(self, source, node, alias):
        if isinstance(node, ast.Import):
            space = {}
            exec(ast.unparse(ast.Import([alias])), space)
            return space[alias.asname or alias.name.partition(".")[0]]
        package = node.module or ""
        if node.level:
            base = source.package.split(".")
            package = ".".join([*base[: len(base) - node.level + 1], *filter(None, [package])])
        if package.partition(".")[0] == "vllm":
            return self.get(package, alias.name)
        return getattr(__import__(package, fromlist=[alias.name]), alias.name)


def load(folder):
    """Returns vLLM's class of a line of the output. The body of a response must be a chat completion."""
    loader = _Loader(folder)
    chat = loader.get(MODULE, "ChatCompletionResponse")
    loader.sources[MODULE].module.AllResponse = chat
    return loader.get(MODULE, "BatchRequestOutput")


if __name__ == "__main__":
    download(sys.argv[1])

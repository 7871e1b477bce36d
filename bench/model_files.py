# SPDX-License-Identifier: Apache-2.0
"""Models that no list describes: their inputs follow from what the file declares and what the user adds."""
import pathlib

from model_list import Model, signature


def input_text(port, dims):
    """An input as a list would describe it. Dimensions that are left open and not in `dims` are 1; integers
    are 0 or 1, which nearly everything takes: indices, masks, flags."""
    shape = 'x'.join(str(d if isinstance(d, int) else dims.get(d, 1)) for d in port['shape'])
    return shape if 'float' in port['dtype'] else f'{shape}:0..2'


class FileModels:
    """Makes models of files with the dimensions (name -> number) and inputs (name -> text) of the command line,
    and knows which of those no model had a use for."""

    def __init__(self, hone, dims, inputs):
        self.hone = hone
        self.dims = dims
        self.inputs = inputs
        self.unused = {*dims, *inputs}

    def model(self, path):
        """Without inputs where the file cannot be read, and without those whose number of dimensions is open:
        whoever runs the model learns why."""
        try:
            ports = signature(self.hone, path)
        except RuntimeError:
            ports = []
        self.unused -= {port['name'] for port in ports}
        self.unused -= {d for port in ports for d in port['shape'] or () if isinstance(d, str)}
        texts = {port['name']: input_text(port, self.dims) for port in ports if port['shape'] is not None}
        texts |= {port['name']: self.inputs[port['name']] for port in ports if port['name'] in self.inputs}
        return Model(pathlib.Path(path).stem, str(path), texts)

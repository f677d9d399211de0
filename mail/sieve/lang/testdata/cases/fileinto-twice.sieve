# letter: plain
# from: bob@surgery.test
# want: file Clinic
require "fileinto"; fileinto "Clinic"; fileinto "Clinic";
